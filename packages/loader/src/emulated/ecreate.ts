// SPDX-License-Identifier: Apache-2.0
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import { GPRSGX } from '@motte/binary/sgx/gprsgx';
import { EXINFO } from '@motte/binary/sgx/exinfo';
import { SECS } from '@motte/binary/sgx/secs';
import { PAGE_SIZE } from '@motte/binary/range';
import { xsaveSize } from '@motte/plan/sgx/xfrm';
import { gp, xfrmFault } from './cpu.js';
import type { LayoutValues } from '@motte/binary/layout';
import type { SECS_FIELDS } from '@motte/binary/sgx/secs';
import type { SgxCpu } from './cpu.js';

export type Secs = LayoutValues<typeof SECS_FIELDS>;

const CANONICAL_END = 1n << 47n;

function checkRange(secs: Secs, cpu: SgxCpu): void {
  const { size, baseaddr } = secs;
  if (size < 2n * BigInt(PAGE_SIZE) || (size & (size - 1n)) !== 0n) {
    throw gp('ECREATE', 'SECS.SIZE', { expected: 'a power of two, at least two pages', found: size });
  }
  if (size > 1n << BigInt(cpu.maxSizeLog2)) {
    throw gp('ECREATE', 'SECS.SIZE', { expected: `at most 2^${cpu.maxSizeLog2}`, found: size });
  }
  if ((baseaddr & (size - 1n)) !== 0n) {
    throw gp('ECREATE', 'SECS.BASEADDR', { expected: 'a multiple of SIZE', found: baseaddr });
  }
  if (baseaddr + size > CANONICAL_END) {
    throw gp('ECREATE', 'SECS.BASEADDR', { expected: 'a user address', found: baseaddr });
  }
}

function checkAttributes(secs: Secs, cpu: SgxCpu): void {
  const { attributes, xfrm, miscselect } = secs;
  const strange = attributes & ~cpu.attributes;
  if (strange !== 0n) {
    throw gp('ECREATE', 'SECS.ATTRIBUTES', {
      expected: `bits of 0x${cpu.attributes.toString(16)} only`,
      found: attributes,
      ...((strange & (ATTRIBUTES.PROVISIONKEY | ATTRIBUTES.EINITTOKENKEY)) === 0n
        ? {}
        : { message: '#GP(0): a Keep never has PROVISIONKEY or EINITTOKENKEY' }),
    });
  }
  if ((attributes & ATTRIBUTES.MODE64BIT) === 0n) {
    throw gp('ECREATE', 'SECS.ATTRIBUTES', { expected: 'MODE64BIT', found: attributes });
  }
  const fault = xfrmFault(xfrm, cpu.xfrm);
  if (fault !== undefined) throw gp('ECREATE', 'SECS.XFRM', { expected: fault, found: xfrm });
  if ((miscselect & ~cpu.miscselect) !== 0) {
    throw gp('ECREATE', 'SECS.MISCSELECT', {
      expected: `bits of 0x${cpu.miscselect.toString(16)} only`,
      found: BigInt(miscselect),
    });
  }
}

function checkFrame(secs: Secs): void {
  const misc = (secs.miscselect & 1) === 0 ? 0 : EXINFO.size;
  const need = xsaveSize(secs.xfrm) + misc + GPRSGX.size;
  if (secs.ssaframesize * PAGE_SIZE < need) {
    throw gp('ECREATE', 'SECS.SSAFRAMESIZE', {
      expected: `frames of ${need} bytes for XFRM 0x${secs.xfrm.toString(16)}`,
      found: `${secs.ssaframesize} pages`,
    });
  }
}

function checkZero(secs: Secs, bytes: Uint8Array): void {
  const [reserved] = SECS.nonZeroReserved(bytes);
  if (reserved !== undefined) throw gp('ECREATE', `SECS.${reserved}`, { expected: 'zero' });
  if (secs.cet_leg_bitmap_offset !== 0n || secs.cet_attributes !== 0) {
    throw gp('ECREATE', 'SECS.CET_ATTRIBUTES', { expected: 'zero without CET' });
  }
  const configured = secs.configid.some((b) => b !== 0) || secs.configsvn !== 0;
  if (configured && (secs.attributes & ATTRIBUTES.KSS) === 0n) {
    throw gp('ECREATE', 'SECS.CONFIGID', { expected: 'zero without KSS' });
  }
}

/** What ECREATE checks of a SECS. Returns its fields; throws SGX_GP. */
export function ecreate(bytes: Uint8Array, cpu: SgxCpu): Secs {
  const secs = SECS.read(bytes);
  checkZero(secs, bytes);
  checkAttributes(secs, cpu);
  checkRange(secs, cpu);
  checkFrame(secs);
  return secs;
}
