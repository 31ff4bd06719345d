// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import { sliceSource } from '@motte/binary/source';
import type { PageRun } from './plan.js';

/** Pages `first` to `first + pages - 1` of a run, as a run of their own. */
export function subRun(run: PageRun, first: number, pages: number): PageRun {
  const from = Math.min(first * PAGE_SIZE, run.bytes.size);
  const size = Math.min(pages * PAGE_SIZE, run.bytes.size - from);
  const { lead = 0, ...source } = run.source;
  return {
    ...run,
    address: run.address + BigInt(first * PAGE_SIZE),
    pages,
    bytes: sliceSource(run.bytes, from, size),
    source: first === 0 ? run.source : { ...source, offset: source.offset + from - lead },
  };
}

/** Cuts a run into runs of consecutive pages that `mark` gives the same value, and calls `make` for each. */
export function splitRun(
  run: PageRun,
  mark: (page: number) => number,
  make: (part: PageRun, mark: number) => PageRun,
): PageRun[] {
  const out: PageRun[] = [];
  for (let first = 0; first < run.pages;) {
    const value = mark(first);
    let end = first + 1;
    while (end < run.pages && mark(end) === value) end++;
    out.push(make(subRun(run, first, end - first), value));
    first = end;
  }
  return out;
}
