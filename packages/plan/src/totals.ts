// SPDX-License-Identifier: Apache-2.0
import type { PagePlan } from './plan.js';

/** How many pages a plan loads, and how many of them have their contents measured. */
export interface PlanTotals {
  readonly measured: number;
  readonly unmeasured: number;
}

/** Counts the pages of `plan` that are added to the Keep; the SECS is none of them. */
export function planTotals(plan: PagePlan): PlanTotals {
  let measured = 0;
  let unmeasured = 0;
  for (const run of plan.runs) {
    if (run.kind === 'secs') continue;
    if (run.measured) measured += run.pages;
    else unmeasured += run.pages;
  }
  return { measured, unmeasured };
}
