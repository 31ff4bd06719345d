// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import type { SnpRun } from '@motte/plan/snp/plan';
import type { HeaderOf } from './headers.js';
import type { IgvmLoader } from './loaders.js';

/** What is launched because of one header; `page` if that was a PAGE_DATA. */
export interface LaunchStep {
  readonly run: SnpRun;
  readonly page?: HeaderOf<'PAGE_DATA'>;
}

/** A step and which header of the file it is of. */
export type IndexedStep = LaunchStep & { readonly index: number };

/** Whether QEMU takes two pages into one region: alike, neighbours in memory and in the file. */
function joins(before: IndexedStep, next: IndexedStep): boolean {
  const [a, b] = [before.page, next.page];
  if (a === undefined || b === undefined) return false;
  return (
    next.index === before.index + 1 &&
    before.run.gpa + BigInt(before.run.pages * PAGE_SIZE) === next.run.gpa &&
    a.values.flags === b.values.flags &&
    a.values.data_type === b.values.data_type &&
    a.values.compatibility_mask === b.values.compatibility_mask &&
    (a.data === undefined) === (b.data === undefined)
  );
}

/**
 * QEMU launches a region of pages when the next one begins, or at the end; a parameter area at once. So an area that is
 * inserted behind pages is launched before the last region of them.
 */
function byRegions(steps: readonly IndexedStep[]): SnpRun[] {
  const out: SnpRun[] = [];
  let region: IndexedStep[] = [];
  const launch = (): void => {
    out.push(...region.map(({ run }) => run));
    region = [];
  };
  for (const step of steps) {
    if (step.page === undefined) {
      out.push(step.run);
      continue;
    }
    const last = region.at(-1);
    if (last !== undefined && !joins(last, step)) launch();
    region.push(step);
  }
  launch();
  return out;
}

/** The pages of `steps`, in the order in which a loader launches them. */
export function inOrderOf(order: IgvmLoader['order'], steps: readonly IndexedStep[]): SnpRun[] {
  return order === 'file' ? steps.map(({ run }) => run) : byRegions(steps);
}
