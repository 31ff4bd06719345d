// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { readElf } from '@motte/elf/read';
import type { Elf } from '@motte/elf/types';
import type { PagePlan, PageRun } from '../plan.js';
import { patchedSource } from '../sources.js';
import { checkSgxPlan } from './check.js';
import { entryRuns, expandLayout, MOST_ROWS } from './sdk/entries.js';
import type { SdkMetadata } from './sdk/metadata.js';
import { sdkSegments } from './sdk/segments.js';
import { secsRun } from './secs.js';

/** Format 1.3 has a rule of its own. */
function isVersion13({ head }: SdkMetadata): boolean {
  return head.version_major === 1 && head.version_minor === 3;
}

function place({ elrange, head }: SdkMetadata): { base: bigint; size: bigint } {
  if (elrange === undefined) return { base: 0n, size: head.enclave_size };
  const { image_address: image, start, size } = elrange;
  return { base: image - start, size };
}

/** The enclave as its signer measured it: patched, and read again, because patches change its header too. */
export function patchedElf(elf: Elf, metadata: SdkMetadata): Elf {
  return readElf(patchedSource(elf.source, metadata.patches));
}

/**
 * The plan of an enclave of the Intel SGX SDK, from one of its metadata blocks (`readSdkMetadata`), all
 * versions: the ELF segments first, then what the layout table adds. `file` is its name. Throws SDK_METADATA,
 * SDK_LAYOUT, PLAN_INVALID, PLAN_TOO_LARGE and what the ELF reader throws.
 */
export function sdkPlan(elf: Elf, metadata: SdkMetadata, file: string): PagePlan {
  const { head, patches } = metadata;
  const { base, size } = place(metadata);
  const secs = secsRun({
    size,
    ssaFrameSize: head.ssa_frame_size,
    attributes: head.attributes,
    xfrm: head.xfrm,
    miscselect: head.desired_misc_select,
  });
  const extraPages = isVersion13(metadata);
  const runs: PageRun[] = [
    secs,
    ...sdkSegments({ elf: patchedElf(elf, metadata), file, patches, base, extraPages }),
  ];
  const most = runs.length + 2 * MOST_ROWS;
  for (const entry of expandLayout(metadata)) {
    runs.push(...entryRuns(metadata, entry, file, base));
    if (runs.length > most)
      throw new MotteError('PLAN_TOO_LARGE', {
        field: 'layout',
        expected: `at most ${most} runs`,
        found: runs.length,
      });
  }
  return checkSgxPlan({ tee: 'sgx', size, runs });
}
