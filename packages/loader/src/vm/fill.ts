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

/** Bytes that are kept to be hashed later. Of more, hashes are kept, so that a large image is not in memory twice. */
export const MOST_KEPT: number = 16 << 20;

/** Pages as they were handed over, in launch order. */
interface HandedOver {
  /** Whole pages; the buffer is the caller's again when this returns. */
  add(bytes: Uint8Array): void;
  /** The hash of each. */
  hashes(): Iterator<Uint8Array>;
}

/** Copying takes a tenth of hashing, and the Keep waits for it alone. */
function copies(count: number): HandedOver {
  const kept = new Uint8Array(count * PAGE_SIZE);
  let at = 0;
  return {
    add(bytes) {
      kept.set(bytes, at);
      at += bytes.length;
    },
    *hashes() {
      const hashOf = pageHasher(kept.buffer, sha384);
      for (let page = 0; page < count; page++) yield hashOf(page);
    },
  };
}

function hashed(count: number): HandedOver {
  const kept = new Uint8Array(count * SHA384_BYTES);
  const window = new Uint8Array(WINDOW_BYTES);
  const hashOf = pageHasher(window.buffer, sha384);
  let at = 0;
  return {
    add(bytes) {
      window.set(bytes);
      for (let page = 0; page < bytes.length / PAGE_SIZE; page++, at += SHA384_BYTES)
        kept.set(hashOf(page), at);
    },
    *hashes() {
      for (let from = 0; from < kept.length; from += SHA384_BYTES)
        yield kept.subarray(from, from + SHA384_BYTES);
    },
  };
}

/**
 * Writes every page of the plan that has bytes; the others are holes, which read as zeros. What is returned computes the digest
 * of what was written, by copies or hashes of the very bytes that were handed over: neither a file that changes meanwhile nor the
 * Keep, which runs by then, can make it another one.
 */
export function fillMemory(
  plan: PagePlan,
  write: (offset: number, bytes: Uint8Array) => void,
  mostKept: number = MOST_KEPT,
): () => Uint8Array {
  const count = plan.runs.filter(hasContents).reduce((sum, run) => sum + pagesOf(run), 0);
  const handedOver = (count * PAGE_SIZE > mostKept ? hashed : copies)(count);
  walkPlan(plan, {
    begin: hasContents,
    content: (run, first, bytes) => {
      // A VMSA is no memory of the guest's: the helper has it in START.
      if (run.kind === 'reg') write(toSafeNumber(run.address, 'address') + first * PAGE_SIZE, bytes);
      handedOver.add(bytes);
    },
    zeros: () => undefined,
  });
  return () => measureSnp(vmLaunchPlan(plan), { contents: handedOver.hashes() });
}
