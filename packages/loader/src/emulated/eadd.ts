// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import { PAGE_TYPE, PAGE_TYPE_SHIFT, SECINFO, SECINFO_FLAGS } from '@motte/binary/sgx/secinfo';
import { TCS, TCS_FLAGS } from '@motte/binary/sgx/tcs';
import { gp } from './cpu.js';
import type { MotteError } from '@motte/binary/error';
import type { Secs } from './ecreate.js';

const { R, W, X } = SECINFO_FLAGS;
const TYPES: readonly number[] = [PAGE_TYPE.REG, PAGE_TYPE.TCS];
const PAGE = BigInt(PAGE_SIZE);
const LIMIT_LOW = 0xfff;

/** The page type and permissions of a page that EADD takes. */
export interface PageState {
  readonly type: number;
  /** R 1, W 2, X 4. */
  readonly permissions: number;
}

function bad(field: string, expected: string, found?: bigint | number): MotteError {
  return gp('EADD', field, { expected, ...(found === undefined ? {} : { found: BigInt(found) }) });
}

/** What EADD, and Linux before it, checks of a SECINFO. */
export function checkSecinfo(bytes: Uint8Array): PageState {
  const { flags } = SECINFO.read(bytes);
  const [reserved] = SECINFO.nonZeroReserved(bytes);
  if (reserved !== undefined) throw bad(`SECINFO.${reserved}`, 'zero');
  const type = Number((flags >> BigInt(PAGE_TYPE_SHIFT)) & 0xffn);
  const permissions = flags & (R | W | X);
  if (!TYPES.includes(type)) throw bad('SECINFO.FLAGS.PAGE_TYPE', 'TCS or REG', type);
  if ((flags & ~(R | W | X | (0xffn << BigInt(PAGE_TYPE_SHIFT)))) !== 0n)
    throw bad('SECINFO.FLAGS', 'R, W, X and PAGE_TYPE only', flags);
  if (type === PAGE_TYPE.REG && (permissions & (R | W)) === W)
    throw bad('SECINFO.FLAGS', 'R wherever there is W', flags);
  // The CPU would clear them before it measures; Linux refuses, and so the measurement is what was asked for.
  if (type === PAGE_TYPE.TCS && permissions !== 0n)
    throw bad('SECINFO.FLAGS', 'no permissions for a TCS', flags);
  return { type, permissions: Number(permissions) };
}

/** Whether the pages lie where EADD can put them. */
export function checkPlace(offset: number, pages: number, secs: Secs): void {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset % PAGE_SIZE !== 0)
    throw gp('EADD', 'LINADDR', { expected: 'a multiple of 4096', found: String(offset) });
  if (!Number.isSafeInteger(pages) || pages < 1 || BigInt(offset) + BigInt(pages) * PAGE > secs.size)
    throw gp('EADD', 'LINADDR', {
      expected: `pages within SECS.SIZE 0x${secs.size.toString(16)}`,
      found: `${pages} pages at 0x${offset.toString(16)}`,
    });
}

/**
 * Checks a TCS as EADD does, and refuses besides what no EENTER would take, for this is the last time that its
 * bytes are seen. Returns the page as the CPU keeps and measures it: DBGOPTIN, CSSA and what else belongs to the
 * CPU cleared.
 */
export function loadTcs(page: Uint8Array, secs: Secs): Uint8Array {
  const tcs = TCS.read(page);
  const [reserved] = TCS.nonZeroReserved(page);
  if (reserved !== undefined) throw bad(`TCS.${reserved}`, 'zero');
  if ((tcs.flags & ~TCS_FLAGS.DBGOPTIN) !== 0n) throw bad('TCS.FLAGS', 'DBGOPTIN only', tcs.flags);
  if (tcs.ocetssa !== 0n || tcs.prevssp !== 0n) throw bad('TCS.OCETSSA, PREVSSP', 'zero without CET');
  if ((tcs.fslimit & LIMIT_LOW) !== LIMIT_LOW) throw bad('TCS.FSLIMIT', 'low 12 bits ones', tcs.fslimit);
  if ((tcs.gslimit & LIMIT_LOW) !== LIMIT_LOW) throw bad('TCS.GSLIMIT', 'low 12 bits ones', tcs.gslimit);
  for (const name of ['ossa', 'ofsbase', 'ogsbase'] as const) {
    if (tcs[name] % PAGE !== 0n || tcs[name] >= secs.size)
      throw bad(`TCS.${name.toUpperCase()}`, 'a page within ELRANGE (or no EENTER takes it)', tcs[name]);
  }
  if (tcs.nssa === 0) throw bad('TCS.NSSA', 'at least one frame (or no EENTER takes it)', tcs.nssa);
  const frames = BigInt(tcs.nssa) * BigInt(secs.ssaframesize) * PAGE;
  if (tcs.ossa + frames > secs.size) throw bad('TCS.NSSA', 'SSA frames within ELRANGE', tcs.nssa);
  return TCS.write({ ...tcs, stage: 0n, flags: tcs.flags & ~TCS_FLAGS.DBGOPTIN, cssa: 0, aep: 0n });
}
