// SPDX-License-Identifier: Apache-2.0
import { hrtime } from 'node:process';

/** Seconds that every fuzzer of the run shall take: $MOTTE_FUZZ_SECONDS, 0 in a plain test run. */
export const FUZZ_SECONDS: number = Number(process.env['MOTTE_FUZZ_SECONDS'] ?? 0);

/** What fast-check's `assert` takes. */
export interface FuzzParameters {
  readonly numRuns: number;
  readonly interruptAfterTimeLimit?: number;
  readonly markInterruptAsFailure?: boolean;
}

/** `runs` runs in a plain test; with $MOTTE_FUZZ_SECONDS as many as that time allows, from a fresh seed. */
export function fuzzParameters(runs: number): FuzzParameters {
  if (!(FUZZ_SECONDS > 0)) return { numRuns: runs };
  return {
    numRuns: 2 ** 31 - 1,
    interruptAfterTimeLimit: 1000 * FUZZ_SECONDS,
    markInterruptAsFailure: false,
  };
}

/** Runs `task` and throws when it takes more than `limitMs`, so that an input that hangs a parser is a finding. */
export function within<T>(limitMs: number, task: () => T): T {
  const started = hrtime.bigint();
  const result = task();
  const took = Number(hrtime.bigint() - started) / 1e6;
  if (took > limitMs) throw new Error(`took ${took.toFixed(0)} ms, more than ${limitMs}`);
  return result;
}
