// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import type { SnpPlan, SnpRun } from '@motte/plan/snp/plan';

/** Bytes of the hash of a page. */
export const SHA384_BYTES = 48;

/** Pages of one run that are read together. */
export interface ContentWindow {
  readonly run: SnpRun;
  /** Where the window begins in the run's bytes. */
  readonly from: number;
  readonly pages: number;
}

/** The pages of a plan that have bytes, in launch order, at most `most` of them at a time. */
export function* contentWindows(plan: SnpPlan, most: number): Generator<ContentWindow> {
  for (const run of plan.runs) {
    const pages = Math.ceil(run.bytes.size / PAGE_SIZE);
    for (let first = 0; first < pages; first += most)
      yield { run, from: first * PAGE_SIZE, pages: Math.min(most, pages - first) };
  }
}

/** Reads a window to the start of `into`, whole pages, the last filled up with zeros. */
export function readWindow({ run, from, pages }: ContentWindow, into: Uint8Array): void {
  const have = Math.min(pages * PAGE_SIZE, run.bytes.size - from);
  run.bytes.read(from, into.subarray(0, have));
  into.fill(0, have, pages * PAGE_SIZE);
}

function isZero(words: Uint32Array): boolean {
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}

/**
 * Hashes the pages of a buffer by their index. The hash of a zero page is known: finding out that a page is one takes
 * a tenth of hashing it, and that it is none almost nothing.
 */
export function pageHasher(
  buffer: ArrayBufferLike,
  hash: (bytes: Uint8Array) => Uint8Array,
): (index: number) => Uint8Array {
  const zero = hash(new Uint8Array(PAGE_SIZE));
  const count = buffer.byteLength / PAGE_SIZE;
  const pages = Array.from({ length: count }, (_, i) => ({
    bytes: new Uint8Array(buffer, i * PAGE_SIZE, PAGE_SIZE),
    words: new Uint32Array(buffer, i * PAGE_SIZE, PAGE_SIZE / 4),
  }));
  return (index) => {
    const page = pages[index];
    if (page === undefined) throw new RangeError(`page ${index} of ${count}`);
    return isZero(page.words) ? zero : hash(page.bytes);
  };
}

/** The hashes of the pages of windows that have at most `most`, one after another on this thread. */
export function* contentHashes(
  windows: Iterable<ContentWindow>,
  most: number,
  hash: (bytes: Uint8Array) => Uint8Array,
): Generator<Uint8Array> {
  const bytes = new Uint8Array(most * PAGE_SIZE);
  const hashOf = pageHasher(bytes.buffer, hash);
  for (const window of windows) {
    readWindow(window, bytes);
    for (let page = 0; page < window.pages; page++) yield hashOf(page);
  }
}
