// SPDX-License-Identifier: Apache-2.0
import type { PagePlan } from '@motte/plan/plan';
import { checkSgxPlan } from '@motte/plan/sgx/check';
import { walkPlan } from '@motte/plan/walk';
import { newSha256 } from './hash.js';
import type { NewHasher } from './hash.js';
import { sgxRecords } from './sgx-records.js';
import type { RecordSink } from './sgx-records.js';
import { recordSteps } from './sgx-steps.js';
import type { OnStep } from './transcript.js';

/** How a plan is measured; each has a default. */
export interface MeasureOptions {
  /** Starts a SHA-256; without it the platform's. */
  readonly sha256?: NewHasher;
  /** Is also given the bytes that are hashed, in order: the .sgxs stream. Valid until it returns. */
  readonly stream?: RecordSink;
  /** Is told of every ECREATE, EADD and EEXTEND, for a transcript. */
  readonly onStep?: OnStep | undefined;
}

function fold(plan: PagePlan, sink: RecordSink): void {
  // Also what makes every address a number: no digest for what no CPU would launch.
  checkSgxPlan(plan);
  const records = sgxRecords(sink);
  walkPlan(plan, records.visitor, records.window);
  records.end();
}

/**
 * MRENCLAVE of an SGX plan: SHA-256 over the records of ECREATE, EADD and EEXTEND. Time is linear in the
 * bytes that are measured and in the number of pages; memory is constant. Throws what `checkSgxPlan` throws.
 */
export function measureSgx(plan: PagePlan, options: MeasureOptions = {}): Uint8Array {
  const hasher = (options.sha256 ?? newSha256)();
  const { stream, onStep } = options;
  const hash: RecordSink =
    onStep === undefined ? (bytes) => hasher.update(bytes) : recordSteps(hasher, onStep);
  fold(plan, (bytes) => {
    hash(bytes);
    stream?.(bytes);
  });
  return hasher.digest();
}

/** Writes the .sgxs stream of a plan: its SHA-256 is MRENCLAVE. `sink` must not keep what it is given. */
export function writeSgxs(plan: PagePlan, sink: RecordSink): void {
  fold(plan, sink);
}
