// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { hex64 } from '@motte/binary/hex';
import { alignDown, PAGE_SIZE } from '@motte/binary/range';
import { bytesSource, sliceSource, toSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { newSha3With512 } from './hash.js';
import type { Hasher } from './hash.js';
import { readKeystoneElf, segmentPages } from './keystone/segment-pages.js';
import type { PageRun } from './keystone/segment-pages.js';
import { hashPadded, u64 } from './keystone/stream.js';
import type { MeasureKeystoneOptions } from './keystone.js';
import { stepsOf } from './transcript.js';

const PAGE = BigInt(PAGE_SIZE);
/** Virtual page numbers of Sv39 have 27 bits. */
const VPN_MASK = (1n << 27n) - 1n;
const ADDRESS_END = 1n << 64n;

/** What an enclave of the 2022 format is created from. */
export interface KeystoneV1Input {
  readonly runtime: Uint8Array | ByteSource;
  readonly eapp: Uint8Array | ByteSource;
  /** Where memory that is shared with the host is mapped. */
  readonly untrustedPtr?: bigint;
  readonly untrustedSize?: number;
}

/** The SDK's defaults. */
export const UNTRUSTED_PTR = 0xffffffff80000000n;
export const UNTRUSTED_SIZE = 8192;

const NOTHING: ByteSource = bytesSource(new Uint8Array(0));

function zeros(va: bigint, pages: number): PageRun {
  return { va, pages, skip: 0, source: NOTHING, offset: 0, filled: 0 };
}

/** Pages of 4 GiB: a length in a header must not make the measuring endless. No enclave of 2022 came near it. */
const MOST_PAGES = 1 << 20;

function untrustedPages(start: bigint, size: number): PageRun[] {
  if (start < 0n || start + BigInt(size) > ADDRESS_END) {
    const found = `0x${start.toString(16)} + ${size} bytes`;
    throw new MotteError('KEYSTONE_FILE', { field: 'untrusted', expected: 'a range below 2^64', found });
  }
  const from = alignDown(start, PAGE);
  const end = (start + BigInt(size) + PAGE - 1n) & ~(PAGE - 1n);
  return end > from ? [zeros(from, Number((end - from) / PAGE))] : [];
}

/** Runs in the order of the page table walk. Throws KEYSTONE_FILE where two parts would share a page. */
function inWalkOrder(runs: readonly PageRun[]): PageRun[] {
  const sorted = runs.toSorted((a, b) => (a.va < b.va ? -1 : a.va > b.va ? 1 : 0));
  for (const [i, run] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before === undefined || before.va + BigInt(before.pages) * PAGE <= run.va) continue;
    throw new MotteError('KEYSTONE_FILE', {
      field: 'addresses',
      expected: 'runtime, application and untrusted memory apart from each other',
      found: `page 0x${run.va.toString(16)} twice`,
    });
  }
  return sorted;
}

function hashRun(hasher: Hasher, run: PageRun): void {
  if (run.skip > 0) hasher.update(new Uint8Array(run.skip));
  const bytes = sliceSource(run.source, run.filled === 0 ? 0 : run.offset, run.filled);
  hashPadded(hasher, bytes, run.pages * PAGE_SIZE - run.skip);
}

/**
 * The measurement of an enclave by a security monitor of 2022, which walks the enclave's page table: SHA3-512
 * over the entry points and the untrusted buffer, then over all mapped pages in the order of the table, with
 * the address in front of each run of them. The stack is made of free memory, which is not measured: an SDK
 * that was built without USE_FREEMEM measures 16 KiB of it, and has other digests. keystone-enclave/keystone-sdk
 * d522a94, simulated enclave. Throws KEYSTONE_FILE, or an error of `@motte/elf`.
 */
export function measureKeystoneV1(input: KeystoneV1Input, options: MeasureKeystoneOptions = {}): Uint8Array {
  const { untrustedPtr = UNTRUSTED_PTR, untrustedSize = UNTRUSTED_SIZE } = input;
  const runtime = readKeystoneElf(toSource(input.runtime), 'runtime');
  const eapp = readKeystoneElf(toSource(input.eapp), 'eapp');
  const runs = inWalkOrder([
    ...segmentPages(runtime, 'runtime'),
    ...segmentPages(eapp, 'eapp'),
    ...untrustedPages(untrustedPtr, untrustedSize),
  ]);
  const pages = runs.reduce((sum, run) => sum + run.pages, 0);
  if (pages > MOST_PAGES)
    throw new MotteError('KEYSTONE_FILE', {
      field: 'pages',
      expected: `at most ${MOST_PAGES}`,
      found: pages,
    });
  const hasher = (options.sha3 ?? newSha3With512)();
  const step = stepsOf(hasher, options.onStep);
  const head = {
    'entry runtime': runtime.header.entry,
    'entry eapp': eapp.header.entry,
    'untrusted address': untrustedPtr,
    'untrusted size': untrustedSize,
  };
  for (const [name, value] of Object.entries(head)) {
    hasher.update(u64(value));
    step(() => `${name} ${hex64(value)}`);
  }
  // The walk goes by page table index: the page after the last low one is the first high one.
  let next = -1n;
  for (const run of runs) {
    const index = (run.va / PAGE) & VPN_MASK;
    if (index !== next) {
      hasher.update(u64(run.va));
      step(() => `address ${hex64(run.va)}`);
    }
    hashRun(hasher, run);
    step(() => `pages ${hex64(run.va)} ${run.pages}`);
    next = index + BigInt(run.pages);
  }
  return hasher.digest();
}
