// SPDX-License-Identifier: Apache-2.0
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import { SECS } from '@motte/binary/sgx/secs';
import { readBytes } from '@motte/binary/source';
import { MotteError } from '@motte/binary/error';
import type { SECS_FIELDS } from '@motte/binary/sgx/secs';
import type { LayoutValues } from '@motte/binary/layout';
import { MADE_FILE } from '../plan.js';
import type { PagePlan, PageRun } from '../plan.js';
import { trimmedSource } from '../sources.js';
import { NO_PERMISSIONS } from './secinfo-flags.js';

/** What a SECS says, field by field. */
export type SecsValues = LayoutValues<typeof SECS_FIELDS>;

/** What ECREATE is given; MRENCLAVE covers the first two alone, SIGSTRUCT fixes the rest. */
export interface SecsInput {
  readonly size: bigint;
  readonly ssaFrameSize: number;
  /** ATTRIBUTES bits 63:0; without it MODE64BIT. */
  readonly attributes?: bigint;
  /** Without it x87 and SSE. */
  readonly xfrm?: bigint;
  readonly miscselect?: number;
}

/** The run that every SGX plan starts with. BASEADDR is 0: where the Keep lies is the host's choice. */
export function secsRun(input: SecsInput): PageRun {
  const page = SECS.write({
    size: input.size,
    ssaframesize: input.ssaFrameSize,
    miscselect: input.miscselect ?? 0,
    attributes: input.attributes ?? ATTRIBUTES.MODE64BIT,
    xfrm: input.xfrm ?? 3n,
  });
  return {
    address: 0n,
    pages: 1,
    kind: 'secs',
    permissions: NO_PERMISSIONS,
    measured: false,
    bytes: trimmedSource(page),
    source: { file: MADE_FILE, section: 'secs', offset: 0, inline: true },
  };
}

/**
 * The SECS that a run of kind `secs` holds. Throws PLAN_INVALID for another run, STRUCT_RESERVED for a page
 * that ECREATE refuses.
 */
export function readSecs(run: PageRun): SecsValues {
  if (run.kind !== 'secs' || run.pages !== 1 || run.bytes.size > SECS.size) {
    throw new MotteError('PLAN_INVALID', {
      field: 'kind',
      expected: 'one page of kind secs',
      found: `${run.pages} of kind ${run.kind}`,
    });
  }
  const page = new Uint8Array(SECS.size);
  page.set(readBytes(run.bytes, 0, run.bytes.size));
  return SECS.readStrict(page);
}

/** The SECS of a plan. Throws PLAN_INVALID when the plan does not start with one. */
export function planSecs(plan: PagePlan): SecsValues {
  const [first] = plan.runs;
  if (first === undefined) {
    throw new MotteError('PLAN_INVALID', {
      field: 'runs',
      expected: 'a first run of kind secs',
      found: 'no run',
    });
  }
  return readSecs(first);
}
