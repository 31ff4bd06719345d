// SPDX-License-Identifier: Apache-2.0
import { readBytes } from '@motte/binary/source';
import { PAGE_SIZE } from '@motte/binary/range';
import { KEEP_INFO, KEEP_INFO_FLAGS, KEEP_INFO_MAGIC } from '@motte/plan/sgx/keep-info';
import { SGX_MAP } from '@motte/plan/sgx/map';
import type { PagePlan, PageRun } from '@motte/plan/plan';
import type { LayoutValues } from '@motte/binary/layout';
import type { KEEP_INFO_FIELDS } from '@motte/plan/sgx/keep-info';
import type { Range } from './helper/start.js';

type Info = LayoutValues<typeof KEEP_INFO_FIELDS>;

function readInfo(run: PageRun): Info | undefined {
  if (run.kind !== 'reg' || run.pages !== 1 || !run.measured || run.bytes.size === 0) return undefined;
  const page = new Uint8Array(KEEP_INFO.size);
  page.set(readBytes(run.bytes, 0, Math.min(run.bytes.size, page.length)));
  const info = KEEP_INFO.read(page);
  return info.magic === KEEP_INFO_MAGIC ? info : undefined;
}

function infoOf(plan: PagePlan): Info | undefined {
  for (const run of plan.runs) {
    const info = readInfo(run);
    if (info !== undefined) return info;
  }
  return undefined;
}

const grows = (info: Info): boolean => (info.flags & KEEP_INFO_FLAGS.SGX2) !== 0;

/** The blocks of the threads that the Keep makes itself: all but the first. Between their pages nothing is ever accepted. */
function laterBlocks(info: Info): Range {
  const stride = BigInt(SGX_MAP.THREAD_STRIDE);
  return { offset: info.thread_start + stride, length: (info.thread_count - 1n) * stride };
}

/**
 * The ranges that a Keep adds pages to while it runs, as its measured KEEP_INFO page says: threads besides the first, and
 * the heap. None for an SGX1 layout, or for a plan that is no Keep of ours.
 */
export function dynamicRanges(plan: PagePlan): Range[] {
  const info = infoOf(plan);
  if (info === undefined || !grows(info)) return [];
  const heap = { offset: info.heap_start, length: info.heap_end - info.heap_start };
  return [laterBlocks(info), heap].filter(({ length }) => length > 0n);
}

/** The offsets of the TCSs, the boot thread's first: those of the plan in its order, then those that the Keep makes itself. */
export function tcsOffsets(plan: PagePlan): bigint[] {
  const planned = plan.runs
    .filter((run) => run.kind === 'tcs')
    .flatMap((run) => Array.from({ length: run.pages }, (_, i) => run.address + BigInt(i * PAGE_SIZE)));
  const info = infoOf(plan);
  if (info === undefined || !grows(info)) return planned;
  const stride = BigInt(SGX_MAP.THREAD_STRIDE);
  const { offset, length } = laterBlocks(info);
  const later = Array.from(
    { length: Number(length / stride) },
    (_, i) => offset + BigInt(i) * stride + BigInt(SGX_MAP.TCS),
  );
  return [...planned, ...later];
}
