// SPDX-License-Identifier: Apache-2.0
import { PAGE_TYPE, PAGE_TYPE_SHIFT, SECINFO_FLAGS } from '@motte/binary/sgx/secinfo';
import type { PageRun, Permissions } from '../plan.js';

const TYPE = 1 << PAGE_TYPE_SHIFT;
const R = Number(SECINFO_FLAGS.R);
const W = Number(SECINFO_FLAGS.W);
const X = Number(SECINFO_FLAGS.X);

/** Permissions of pages that only the CPU uses. */
export const NO_PERMISSIONS: Permissions = { read: false, write: false, execute: false };

/** SECINFO.FLAGS with which EADD adds the pages of `run`, and which MRENCLAVE covers. */
export function secinfoFlags(run: PageRun): number {
  if (run.kind === 'secs') return PAGE_TYPE.SECS * TYPE;
  if (run.kind === 'tcs') return PAGE_TYPE.TCS * TYPE;
  const { read, write, execute } = run.permissions;
  return PAGE_TYPE.REG * TYPE + (read ? R : 0) + (write ? W : 0) + (execute ? X : 0);
}

/**
 * Kind and permissions of SECINFO.FLAGS; `undefined` for flags that EADD refuses, or that it would not
 * measure as they stand (it clears R, W and X of a TCS page first).
 */
export function parseSecinfoFlags(
  flags: bigint,
): { readonly kind: 'reg' | 'tcs'; readonly permissions: Permissions } | undefined {
  if (flags === BigInt(PAGE_TYPE.TCS * TYPE)) return { kind: 'tcs', permissions: NO_PERMISSIONS };
  const bits = flags - BigInt(PAGE_TYPE.REG * TYPE);
  if (bits < 0n || bits > BigInt(R | W | X)) return undefined;
  const permissions: Permissions = {
    read: (bits & SECINFO_FLAGS.R) !== 0n,
    write: (bits & SECINFO_FLAGS.W) !== 0n,
    execute: (bits & SECINFO_FLAGS.X) !== 0n,
  };
  return permissions.write && !permissions.read ? undefined : { kind: 'reg', permissions };
}
