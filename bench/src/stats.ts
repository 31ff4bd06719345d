// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks';
import type { Row, Unit } from './outcome.js';

export function median(samples: readonly number[]): number {
  if (samples.length === 0) throw new Error('no samples');
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** A row of samples: the best is the largest speed, and the smallest of everything else. */
export function row(what: string, unit: Unit, samples: readonly number[]): Row {
  const best = unit === 'MB/s' || unit === '/s' ? Math.max(...samples) : Math.min(...samples);
  return { what, unit, best, median: median(samples), runs: samples.length };
}

/** Milliseconds that `task` takes. */
export async function timed(task: () => unknown): Promise<number> {
  const started = performance.now();
  await task();
  return performance.now() - started;
}

/** Milliseconds of CPU time, user and system, that this process spends on `task`. */
export function cpuTimed(task: () => unknown): number {
  const before = process.cpuUsage();
  task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Runs `task` once to warm up, then `runs` times; the milliseconds of each. */
export async function repeat(runs: number, task: () => unknown): Promise<number[]> {
  await task();
  const samples: number[] = [];
  for (let i = 0; i < runs; i++) samples.push(await timed(task));
  return samples;
}

const DIGITS: Readonly<Record<Unit, number>> = { ns: 0, ms: 2, 'MB/s': 0, '/s': 0, ratio: 3, bytes: 0 };

/** A number as a table shows it. */
export function shown(value: number, unit: Unit): string {
  const text = value.toFixed(DIGITS[unit]);
  return unit === 'ratio' ? text : `${text} ${unit}`;
}
