// SPDX-License-Identifier: Apache-2.0

export type Unit = 'ns' | 'ms' | 'MB/s' | '/s' | 'ratio' | 'bytes';

/** One thing that was measured. Which of two numbers is better depends on the unit. */
export interface Row {
  readonly what: string;
  readonly unit: Unit;
  readonly best: number;
  readonly median: number;
  readonly runs: number;
}

/** What issue 2 asks for, and what was found. */
export interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly found: string;
  readonly met: boolean;
}

export interface Outcome {
  readonly rows: readonly Row[];
  readonly goals: readonly Goal[];
  /** Sentences for whoever reads the numbers: what was compared with what. */
  readonly notes: readonly string[];
}

/** A benchmark, which says what is missing rather than measure something else. */
export interface Benchmark {
  readonly name: string;
  readonly title: string;
  run(): Promise<Outcome>;
}

/** Thrown by a benchmark that this machine, or this state of the tree, cannot run. */
export class Missing extends Error {
  override readonly name = 'Missing';
}
