// SPDX-License-Identifier: Apache-2.0
// The same program in a Keep and natively, where it computes and calls nobody.
import { inKeep } from './keep.js';
import type { Benchmark, Outcome } from './outcome.js';
import { onOneCpu } from './pinned.js';
import { built, figures, native } from './programs.js';
import { median, row } from './stats.js';

const ROUNDS = 21;
const BOUND = 0.03;

/**
 * The program of that path, whose output in a Keep `inKeepOnce` gives, beside native runs with the same arguments and on the
 * same CPU.
 */
export async function computed(
  path: string,
  inKeepOnce: () => Promise<string>,
  args: readonly string[] = [],
): Promise<Outcome> {
  return await onOneCpu((pinned) => compared(path, inKeepOnce, args, pinned));
}

async function compared(
  path: string,
  inKeepOnce: () => Promise<string>,
  args: readonly string[],
  pinned: boolean,
): Promise<Outcome> {
  const kernels = ['matrix', 'integers', 'sort'] as const;
  const inside = new Map<string, number[]>();
  const outside = new Map<string, number[]>();
  const add = (to: Map<string, number[]>, output: string): number => {
    const found = figures(output);
    for (const kernel of kernels)
      to.set(kernel, [...(to.get(kernel) ?? []), found.get(kernel) ?? Number.NaN]);
    return found.get('sum') ?? Number.NaN;
  };
  // In turns, so that a noisy neighbour slows both.
  for (let round = 0; round < ROUNDS; round++) {
    const sums = [add(outside, native(path, ...args)), add(inside, await inKeepOnce())];
    if (sums[0] !== sums[1]) throw new Error(`computed ${sums[1]} inside and ${sums[0]} outside`);
  }
  const ms = (values: readonly number[] | undefined): number[] => (values ?? []).map((ns) => ns / 1e6);
  const ratiosOf = (of: (samples: readonly number[]) => number): number[] =>
    kernels.map((kernel) => of(inside.get(kernel) ?? []) / of(outside.get(kernel) ?? []));
  const meanOf = (all: readonly number[]): number =>
    Math.exp(all.reduce((sum, ratio) => sum + Math.log(ratio), 0) / all.length);
  const ratios = ratiosOf((samples) => Math.min(...samples));
  const mean = meanOf(ratios);
  return {
    rows: kernels.flatMap((kernel) => [
      row(`${kernel}, in the Keep`, 'ms', ms(inside.get(kernel))),
      row(`${kernel}, natively`, 'ms', ms(outside.get(kernel))),
    ]),
    goals: [
      {
        what: 'inside / outside, geometric mean of the best runs',
        goal: `1.00 ± ${BOUND}`,
        found: `${mean.toFixed(3)} (${kernels.map((kernel, i) => `${kernel} ${ratios[i]?.toFixed(3)}`).join(', ')}; of medians ${meanOf(ratiosOf(median)).toFixed(3)})`,
        met: Math.abs(mean - 1) <= BOUND,
      },
    ],
    notes: [
      `One file, linked once: the Keep runs the bytes that Linux runs, ${pinned ? 'on the same CPU' : 'on any CPU (there is no taskset)'}, in turns.`,
    ],
  };
}

function run(): Promise<Outcome> {
  const path = built('compute');
  return computed(path, async () => (await inKeep({ path })).output);
}

export const compute: Benchmark = { name: 'compute', title: 'Compute in a Keep and natively', run };
