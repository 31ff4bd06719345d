// SPDX-License-Identifier: Apache-2.0
// The plan's pages into the memory of a VM-based Keep, and the digest of what was put there.
import { PAGE_SIZE, toSafeNumber } from '@motte/binary/range';
import { sha384 } from '@motte/measure/hash';
import { measureSnp } from '@motte/measure/snp';
import { pageHasher, SHA384_BYTES } from '@motte/measure/snp-contents';
import type { PagePlan, PageRun } from '@motte/plan/plan';
import { vmLaunchPlan } from '@motte/plan/vm/launch';
import { walkPlan, WINDOW_BYTES } from '@motte/plan/walk';

const pagesOf = ({ bytes }: PageRun): number => Math.ceil(bytes.size / PAGE_SIZE);

/** Of an SNP plan these alone have contents. */
const hasContents = ({ kind }: PageRun): boolean => kind === 'reg' || kind === 'vmsa';

function* each(hashes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < hashes.length; at += SHA384_BYTES) yield hashes.subarray(at, at + SHA384_BYTES);
}

/**
 * Writes every page of the plan that has bytes; the others are holes, which read as zeros. Each page is hashed as it is handed
 * over, from the same buffer: a file that changes meanwhile cannot make the digest another one than that of the memory. What is
 * returned computes it: the chain over those hashes, for which neither file nor memory is looked at again.
 */
export function fillMemory(
  plan: PagePlan,
  write: (offset: number, bytes: Uint8Array) => void,
): () => Uint8Array {
  const count = plan.runs.filter(hasContents).reduce((sum, run) => sum + pagesOf(run), 0);
  const hashes = new Uint8Array(count * SHA384_BYTES);
  const window = new Uint8Array(WINDOW_BYTES);
  const hashOf = pageHasher(window.buffer, sha384);
  let done = 0;
  walkPlan(
    plan,
    {
      begin: hasContents,
      content: (run, first, bytes) => {
        // A VMSA is no memory of the guest's: the helper has it in START.
        if (run.kind === 'reg') write(toSafeNumber(run.address, 'address') + first * PAGE_SIZE, bytes);
        for (let page = 0; page < bytes.length / PAGE_SIZE; page++)
          hashes.set(hashOf(page), SHA384_BYTES * done++);
      },
      zeros: () => undefined,
    },
    window,
  );
  return () => measureSnp(vmLaunchPlan(plan), { contents: each(hashes) });
}
