// SPDX-License-Identifier: Apache-2.0
// Whether a thread that spins for host calls would pay (docs/adr/0025): a call by a ring against one by leaving the Keep.
import { inKeep } from './keep.js';
import type { Benchmark, Goal, Outcome, Row } from './outcome.js';
import { built, figures, native } from './programs.js';
import { row } from './stats.js';

const BATCHES = 100;
const RUNS = 5;

const CALLS = {
  nothing: 'no call at all',
  clock: 'clock_gettime',
  pread: 'pread of 4096 bytes',
  pipe: 'write and read of 64 bytes by a pipe',
} as const;

/** What leaving and coming back costs: a host call in the Keep, less the same call of the machine's. */
const CROSSINGS = [
  { how: 'as emulated', patch: true },
  { how: 'as emulated with --no-patch, each ENCLU a trap', patch: false },
] as const;

async function run(): Promise<Outcome> {
  const ring = built('ring', '-pthread');
  const calls = built('calls');
  const found = new Map<string, number[]>();
  const add = (name: string, value: number): void => {
    found.set(name, [...(found.get(name) ?? []), value]);
  };
  for (let i = 0; i < RUNS; i++) {
    for (const [name, value] of figures(native(ring, `${BATCHES}`))) add(name, value);
    for (const { how, patch } of CROSSINGS) {
      const { output } = await inKeep({ path: calls, args: [`${BATCHES / 2}`], patch });
      add(how, figures(output).get('direct-host') ?? Number.NaN);
    }
  }
  const of = (name: string): number[] => found.get(name) ?? [];
  const best = (name: string): number => Math.min(...of(name));
  const rows: Row[] = Object.entries(CALLS).flatMap(([name, what]) => [
    row(`${what}, by the thread that wants it`, 'ns', of(`direct-${name}`)),
    row(`${what}, by a thread that spins for it`, 'ns', of(`ring-${name}`)),
  ]);
  const clock = best('direct-clock');
  const more = best('ring-clock') - clock;
  const goals: Goal[] = CROSSINGS.map(({ how }) => {
    const crossing = best(how) - clock;
    return {
      what: `clock_gettime by a ring instead of leaving the Keep, ${how}`,
      goal: `adds less than the ${crossing.toFixed(0)} ns of leaving and coming back`,
      found: `${more.toFixed(0)} ns`,
      met: more < crossing,
    };
  });
  return {
    rows,
    goals,
    notes: [
      'Both threads have a processor of their own, which the one that spins takes whole. A goal that is missed says that a ring does not pay for such crossings.',
    ],
  };
}

export const ring: Benchmark = { name: 'ring', title: 'Host calls without leaving the Keep', run };
