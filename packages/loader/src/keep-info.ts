// SPDX-License-Identifier: Apache-2.0
import { readBytes } from '@motte/binary/source';
import { KEEP_INFO, KEEP_INFO_FLAGS, KEEP_INFO_MAGIC } from '@motte/plan/sgx/keep-info';
import type { PagePlan, PageRun } from '@motte/plan/plan';
import type { LayoutValues } from '@motte/binary/layout';
import type { KEEP_INFO_FIELDS } from '@motte/plan/sgx/keep-info';
import type { Range } from './helper/start.js';

function readInfo(run: PageRun): LayoutValues<typeof KEEP_INFO_FIELDS> | undefined {
  if (run.kind !== 'reg' || run.pages !== 1 || !run.measured || run.bytes.size === 0) return undefined;
  const page = new Uint8Array(KEEP_INFO.size);
  page.set(readBytes(run.bytes, 0, Math.min(run.bytes.size, page.length)));
  const info = KEEP_INFO.read(page);
  return info.magic === KEEP_INFO_MAGIC ? info : undefined;
}

/**
 * The ranges that a Keep adds memory to while it runs, as its measured KEEP_INFO page says; none for an SGX1
 * layout, or for a plan that is no Keep of ours.
 */
export function dynamicRanges(plan: PagePlan): Range[] {
  for (const run of plan.runs) {
    const info = readInfo(run);
    if (info === undefined) continue;
    const grows = (info.flags & KEEP_INFO_FLAGS.SGX2) !== 0 && info.heap_end > info.heap_start;
    return grows ? [{ offset: info.heap_start, length: info.heap_end - info.heap_start }] : [];
  }
  return [];
}
