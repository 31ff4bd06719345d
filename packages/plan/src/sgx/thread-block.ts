// SPDX-License-Identifier: Apache-2.0
import { TCS } from '@motte/binary/sgx/tcs';
import { MADE_FILE } from '../plan.js';
import type { PageRun, Permissions } from '../plan.js';
import { NO_BYTES, trimmedSource } from '../sources.js';
import { SGX_MAP } from './map.js';
import { NO_PERMISSIONS } from './secinfo-flags.js';

const READ_WRITE: Permissions = { read: true, write: true, execute: false };

/** FS and GS may reach their page and no further; EENTER wants the low 12 bits set. */
const SEGMENT_LIMIT = 0xfff;

/**
 * The pages of thread `index`, whose block starts at `start`; `entry` is where the shim is entered. Stacks
 * and SSA frames are not measured: the CPU and the shim write them before anybody reads them.
 */
export function threadBlock(index: number, start: bigint, entry: bigint): PageRun[] {
  const zeros = (at: number, pages: number, name: string, measured: boolean): PageRun => ({
    address: start + BigInt(at),
    pages,
    kind: 'reg',
    permissions: READ_WRITE,
    measured,
    bytes: NO_BYTES,
    source: { file: MADE_FILE, section: `${name} ${index}`, offset: 0 },
  });
  const threadPage = start + BigInt(SGX_MAP.THREAD_PAGE);
  const tcs = TCS.write({
    ossa: start + BigInt(SGX_MAP.SSA),
    nssa: SGX_MAP.NSSA,
    oentry: entry,
    ofsbase: threadPage,
    ogsbase: threadPage,
    fslimit: SEGMENT_LIMIT,
    gslimit: SEGMENT_LIMIT,
  });
  return [
    zeros(SGX_MAP.STACK0, SGX_MAP.STACK0_PAGES, 'stack', false),
    zeros(SGX_MAP.STACK1, SGX_MAP.STACK1_PAGES, 'exception stack', false),
    zeros(SGX_MAP.THREAD_PAGE, 1, 'thread page', true),
    zeros(SGX_MAP.SSA, SGX_MAP.NSSA * SGX_MAP.SSA_FRAME_PAGES, 'ssa', false),
    {
      address: start + BigInt(SGX_MAP.TCS),
      pages: 1,
      kind: 'tcs',
      permissions: NO_PERMISSIONS,
      measured: true,
      bytes: trimmedSource(tcs),
      source: { file: MADE_FILE, section: `tcs ${index}`, offset: 0, inline: true },
    },
  ];
}
