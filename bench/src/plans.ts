// SPDX-License-Identifier: Apache-2.0
// Plans as large as one likes, of random bytes: nothing that a zero page or a cache could shorten.
import { randomFillSync } from 'node:crypto';
import { PAGE_SIZE } from '@motte/binary/range';
import { bytesSource } from '@motte/binary/source';
import type { PagePlan } from '@motte/plan/plan';
import { secsRun } from '@motte/plan/sgx/secs';
import type { SnpPlan } from '@motte/plan/snp/plan';
import { NO_BYTES } from '@motte/plan/sources';

/** Bytes that differ from page to page. */
export function randomBytes(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 1 << 24) randomFillSync(bytes, at, Math.min(1 << 24, size - at));
  return bytes;
}

const READ_WRITE = { read: true, write: true, execute: false };
const SOURCE = { file: 'random', section: 'random', offset: 0 };

/** An enclave of these measured pages, and of as many more that are only added. */
export function sgxPlan(bytes: Uint8Array, unmeasured = 0): PagePlan {
  const pages = bytes.length / PAGE_SIZE;
  let size = 1n << 16n;
  while (size < BigInt((pages + unmeasured) * PAGE_SIZE)) size *= 2n;
  const run = { kind: 'reg', permissions: READ_WRITE, source: SOURCE } as const;
  const added = {
    ...run,
    address: BigInt(bytes.length),
    pages: unmeasured,
    measured: false,
    bytes: NO_BYTES,
  };
  return {
    tee: 'sgx',
    size,
    runs: [
      secsRun({ size, ssaFrameSize: 1 }),
      ...(pages === 0 ? [] : [{ ...run, address: 0n, pages, measured: true, bytes: bytesSource(bytes) }]),
      ...(unmeasured === 0 ? [] : [added]),
    ],
  };
}

/** A guest of these pages. */
export function snpPlan(bytes: Uint8Array): SnpPlan {
  const pages = bytes.length / PAGE_SIZE;
  return {
    tee: 'snp',
    runs: [{ gpa: 0n, pages, type: 'normal', bytes: bytesSource(bytes), source: SOURCE }],
  };
}
