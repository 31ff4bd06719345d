// SPDX-License-Identifier: Apache-2.0
import { bytesSource } from '@motte/binary/source';
import { writeSgxs } from '@motte/measure/sgx';
import type { PagePlan } from '@motte/plan/plan';
import { secsRun } from '@motte/plan/sgx/secs';

const MEASURED = 32;

const none = { read: false, write: false, execute: false };
const source = { file: 'keep', section: 'test', offset: 0 };

const plan: PagePlan = {
  tee: 'sgx',
  size: 0x40000n,
  runs: [
    secsRun({ size: 0x40000n, ssaFrameSize: 1 }),
    {
      address: 0n,
      pages: MEASURED,
      kind: 'reg',
      permissions: { read: true, write: false, execute: true },
      measured: true,
      bytes: bytesSource(Uint8Array.from({ length: MEASURED * 4096 }, (_, i) => (i * 7) & 0xff)),
      source,
    },
    {
      address: 0x30000n,
      pages: 1,
      kind: 'tcs',
      permissions: none,
      measured: false,
      bytes: bytesSource(new Uint8Array(0)),
      source,
    },
  ],
};

/** A stream of 32 measured pages and a TCS: larger than a tiny disk, made without a shim. */
export function smallSgxs(): Uint8Array {
  const parts: Uint8Array[] = [];
  writeSgxs(plan, (bytes) => parts.push(bytes.slice()));
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Its size in bytes: one ECREATE, an EADD a page, 16 EEXTENDs and their chunks a measured page. */
export const SMALL_SGXS: { readonly size: number } = {
  size: 64 * (2 + MEASURED) + MEASURED * 16 * (64 + 256),
};
