// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { LayoutValues } from '@motte/binary/layout';
import { readBytes } from '@motte/binary/source';
import { MADE_FILE } from '../plan.js';
import type { PagePlan, PageRun } from '../plan.js';
import { checkVmPlan } from './check.js';
import { VM_INFO, VM_MODE } from './info.js';
import type { VM_INFO_FIELDS } from './info.js';
import { INFO_SECTION } from './keep.js';

/** VM_INFO of a VM-based Keep, which is one of its pages. Throws PLAN_INVALID. */
export function vmInfoOf(runs: readonly PageRun[]): LayoutValues<typeof VM_INFO_FIELDS> {
  const run = runs.find(({ source }) => source.file === MADE_FILE && source.section === INFO_SECTION);
  if (run === undefined)
    throw new MotteError('PLAN_INVALID', { field: 'runs', expected: `a run ${INFO_SECTION}`, found: 'none' });
  const page = new Uint8Array(VM_INFO.size);
  page.set(readBytes(run.bytes, 0, Math.min(run.bytes.size, page.length)));
  return VM_INFO.read(page);
}

/** The plan that the runs of a VM-based Keep are: its VM_INFO says for which TEE, and how large. Throws PLAN_INVALID. */
export function vmPlanOf(runs: readonly PageRun[]): PagePlan {
  const { mode, heap_end: heapEnd, pages_end: pagesEnd } = vmInfoOf(runs);
  if (mode !== VM_MODE.KVM && mode !== VM_MODE.SNP)
    throw new MotteError('PLAN_INVALID', { field: 'VM_INFO.mode', expected: '0 or 1', found: mode });
  const size = heapEnd > pagesEnd ? heapEnd : pagesEnd;
  return checkVmPlan({ tee: mode === VM_MODE.KVM ? 'kvm' : 'snp', size, runs });
}
