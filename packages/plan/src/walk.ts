// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import type { PagePlan, PageRun } from './plan.js';

/**
 * Bytes of the window through which contents are read: large enough that reading is cheap, small enough for
 * L2.
 */
export const WINDOW_BYTES: number = 16 * PAGE_SIZE;

/** What is done with a plan, page by page, in launch order. */
export interface PlanVisitor {
  /** A run begins. When this returns false its contents are neither read nor reported. */
  begin(run: PageRun, index: number): boolean;
  /**
   * `bytes` are pages `first`, `first + 1`, ... of the run, whole pages, zero filled. They lie at the start
   * of the window and are valid until this returns.
   */
  content(run: PageRun, first: number, bytes: Uint8Array): void;
  /** `count` pages of the run, from page `first` on, hold only zeros that no source supplies. */
  zeros(run: PageRun, first: number, count: number): void;
}

function walkContent(run: PageRun, visitor: PlanVisitor, window: Uint8Array): void {
  const size = run.bytes.size;
  const pages = Math.ceil(size / PAGE_SIZE);
  const step = Math.floor(window.length / PAGE_SIZE);
  for (let first = 0; first < pages; first += step) {
    const from = first * PAGE_SIZE;
    const whole = Math.min(step, pages - first) * PAGE_SIZE;
    const have = Math.min(whole, size - from);
    run.bytes.read(from, window.subarray(0, have));
    window.fill(0, have, whole);
    visitor.content(run, first, window.subarray(0, whole));
  }
  if (pages < run.pages) visitor.zeros(run, pages, run.pages - pages);
}

/**
 * Folds `visitor` over the plan. Measuring, loading, writing and comparing all go through here, so that none
 * of them can have its own idea of order or padding. `window` is the buffer for contents, at least a page; a
 * caller who supplies it may keep views of it.
 */
export function walkPlan(
  plan: PagePlan,
  visitor: PlanVisitor,
  window: Uint8Array = new Uint8Array(WINDOW_BYTES),
): void {
  for (const [index, run] of plan.runs.entries()) {
    if (visitor.begin(run, index)) walkContent(run, visitor, window);
  }
}
