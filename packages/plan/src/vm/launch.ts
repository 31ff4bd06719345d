// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import type { PagePlan, PageRun } from '../plan.js';
import type { SnpPageType, SnpPlan, SnpRun } from '../snp/plan.js';
import { NO_BYTES } from '../sources.js';
import { VM_MAP } from './map.js';

const BASE = BigInt(VM_MAP.BASE);

const TYPES = { vmsa: 'vmsa', secrets: 'secrets', cpuid: 'cpuid' } as const;

/** A run as SNP_LAUNCH_UPDATE takes it: what has bytes, then zeros, which the firmware makes itself. */
function launchRuns(run: PageRun): SnpRun[] {
  const { kind, address, pages, bytes, source } = run;
  const part = (type: SnpPageType, first: number, count: number): SnpRun[] =>
    count === 0
      ? []
      : [
          {
            gpa: BASE + address + BigInt(first * PAGE_SIZE),
            pages: count,
            type,
            bytes: type === 'normal' || type === 'vmsa' ? bytes : NO_BYTES,
            source,
          },
        ];
  if (kind === 'vmsa' || kind === 'secrets' || kind === 'cpuid') return part(TYPES[kind], 0, pages);
  const filled = Math.ceil(bytes.size / PAGE_SIZE);
  return [...part('normal', 0, filled), ...part('zero', filled, pages - filled)];
}

/** The launch of a VM-based Keep, page by page: for SEV-SNP what the firmware is told, for KVM what it would be. */
export function vmLaunchPlan({ runs }: PagePlan): SnpPlan {
  return { tee: 'snp', runs: runs.flatMap(launchRuns) };
}
