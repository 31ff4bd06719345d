// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';
import { PAGE_SIZE, toSafeNumber } from '@motte/binary/range';
import { sliceSource } from '@motte/binary/source';
import type { RunSource } from '../plan.js';
import { readTdvf, TDVF_ATTRIBUTES, TDVF_SECTION_TYPES } from './tdvf.js';

/** A run of pages of a trust domain, in launch order. */
export interface TdxRun {
  readonly gpa: bigint;
  readonly pages: number;
  /** TDH.MEM.PAGE.ADD at launch; else the guest adds the pages later. */
  readonly added: boolean;
  /** TDH.MR.EXTEND over the contents. */
  readonly extended: boolean;
  /** The first bytes; what follows is zero. */
  readonly bytes: ByteSource;
  readonly source: RunSource;
}

/** What is launched as a trust domain. */
export interface TdxPlan {
  readonly tee: 'tdx';
  readonly runs: readonly TdxRun[];
}

/**
 * Most pages that a launch adds: 4 GiB, so that a length in a header cannot make the measuring endless. Firmware
 * and what it needs at first lie below that; the guest adds the rest of its memory by itself.
 */
const MOST_ADDED = 1 << 20;

function checkAdded(runs: readonly TdxRun[]): void {
  let added = 0;
  for (const [index, run] of runs.entries()) {
    if (run.added) added += run.pages;
    if (added > MOST_ADDED)
      throw new MotteError('FIRMWARE_TABLE', {
        field: `TDVF section ${index}.mem_size`,
        expected: `at most ${MOST_ADDED} pages to be added at launch, in all sections`,
        found: added,
      });
  }
}

/** The plan of a TDVF or td-shim image. Throws FIRMWARE_TABLE. */
export function tdvfPlan(image: ByteSource, file: string): TdxPlan {
  const runs = readTdvf(image).map((section, index): TdxRun => {
    const { data_offset: offset, raw_size: size, gpa, mem_size, type, attributes } = section;
    return {
      gpa,
      pages: toSafeNumber(mem_size, `TDVF section ${index}.mem_size`) / PAGE_SIZE,
      added: (attributes & TDVF_ATTRIBUTES.AUG) === 0,
      extended: (attributes & TDVF_ATTRIBUTES.EXTEND) !== 0,
      bytes: sliceSource(image, size === 0 ? 0 : offset, size),
      source: { file, section: `${TDVF_SECTION_TYPES[type] ?? type} ${index}`, offset },
    };
  });
  checkAdded(runs);
  return { tee: 'tdx', runs };
}
