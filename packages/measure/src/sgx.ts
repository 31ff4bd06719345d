// SPDX-License-Identifier: Apache-2.0
import { finish } from '@motte/binary/steps';
import type { Steps } from '@motte/binary/steps';
import type { PagePlan } from '@motte/plan/plan';
import { checkSgxPlan } from '@motte/plan/sgx/check';
import { subRun } from '@motte/plan/sub-run';
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

/** Pages that are measured in one step: 16 MiB, which takes some 15 ms. */
const STEP_PAGES = 4096;

function* fold(plan: PagePlan, sink: RecordSink): Steps<void> {
  // Also what makes every address a number: no digest for what no CPU would launch.
  checkSgxPlan(plan);
  const records = sgxRecords(sink);
  for (const run of plan.runs) {
    // The records of a run's parts are those of the run.
    for (let first = 0; first < run.pages; first += STEP_PAGES) {
      const part = subRun(run, first, Math.min(STEP_PAGES, run.pages - first));
      walkPlan({ ...plan, runs: [part] }, records.visitor, records.window);
      yield;
    }
  }
  records.end();
}

/**
 * MRENCLAVE of an SGX plan: SHA-256 over the records of ECREATE, EADD and EEXTEND. Time is linear in the
 * bytes that are measured and in the number of pages; memory is constant. Throws what `checkSgxPlan` throws.
 */
export function measureSgx(plan: PagePlan, options: MeasureOptions = {}): Uint8Array {
  return finish(measureSgxSteps(plan, options));
}

/** `measureSgx` in steps, for whoever has other things to do meanwhile or may want to stop. */
export function* measureSgxSteps(plan: PagePlan, options: MeasureOptions = {}): Steps<Uint8Array> {
  const hasher = (options.sha256 ?? newSha256)();
  const { stream, onStep } = options;
  const hash: RecordSink =
    onStep === undefined ? (bytes) => hasher.update(bytes) : recordSteps(hasher, onStep);
  yield* fold(plan, (bytes) => {
    hash(bytes);
    stream?.(bytes);
  });
  return hasher.digest();
}

/** Writes the .sgxs stream of a plan: its SHA-256 is MRENCLAVE. `sink` must not keep what it is given. */
export function writeSgxs(plan: PagePlan, sink: RecordSink): void {
  finish(fold(plan, sink));
}
