// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import type { NewHasher } from '../hasher.js';
import type { PagePlan, PageRun } from '../plan.js';
import { walkPlan } from '../walk.js';

/** The hash of a run's pages, zeros included, through the one walk that measuring uses too. */
export function hashRun(plan: PagePlan, run: PageRun, sha256: NewHasher): Uint8Array {
  const hasher = sha256();
  const zeros = new Uint8Array(PAGE_SIZE);
  walkPlan(
    { ...plan, runs: [run] },
    {
      begin: () => true,
      content: (_run, _first, bytes) => hasher.update(bytes),
      zeros: (_run, _first, count) => {
        for (let i = 0; i < count; i++) hasher.update(zeros);
      },
    },
  );
  return hasher.digest();
}
