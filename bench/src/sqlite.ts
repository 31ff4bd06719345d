// SPDX-License-Identifier: Apache-2.0
// SQLite in a Keep and natively: in memory, on a file in the Keep's own file system beside one in memory of the machine, and on a
// file of the host on both sides.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tempFolder } from '@motte/test-helpers/temp';
import { inKeep } from './keep.js';
import { Missing } from './outcome.js';
import type { Benchmark, Outcome, Row } from './outcome.js';
import { built, figures, native } from './programs.js';
import { row } from './stats.js';

const RUNS = 7;
const BOUND = 0.03;
const TRANSACTIONS = 1000;
const FOLDER = tempFolder('motte-bench-sqlite');

const STEPS = {
  insert: '100,000 rows in one transaction',
  query: 'index, two queries and an update over them',
  transaction: 'a transaction of one row',
} as const;
type Step = keyof typeof STEPS;

/** Where each side has its database, and which steps are measured. */
const PLACES: readonly {
  readonly what: string;
  readonly inside: string;
  readonly outside: string;
  readonly steps: readonly Step[];
  /** The host's folder, which the Keep has as /data. */
  readonly granted?: string;
}[] = [
  { what: 'in memory', inside: ':memory:', outside: ':memory:', steps: ['insert', 'query'] },
  {
    what: 'on a file in memory, with a log',
    inside: '/tmp/bench.db',
    outside: join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), `motte-bench.${process.pid}.db`),
    steps: ['insert', 'query', 'transaction'],
  },
  {
    what: 'on a file of the host, with a log',
    inside: '/data/bench.db',
    outside: join(FOLDER, 'outside.db'),
    steps: ['insert', 'query', 'transaction'],
    granted: FOLDER,
  },
];

async function run(): Promise<Outcome> {
  if (!existsSync('/usr/include/sqlite3.h')) throw new Missing('SQLite: apt-get install libsqlite3-dev');
  const path = built('database', '-lsqlite3', '-lm');
  const rows: Row[] = [];
  const notes: string[] = [];
  const goals: Outcome['goals'][number][] = [];
  for (const { what, inside, outside, steps, granted } of PLACES) {
    const count = steps.includes('transaction') ? [`${TRANSACTIONS}`] : [];
    const found = { inside: new Map<Step, number[]>(), outside: new Map<Step, number[]>() };
    const grant = granted === undefined ? {} : { grants: { '/data': granted } };
    const config = granted === undefined ? {} : { files: [{ path: '/data', host: '', mode: 'rw' as const }] };
    let calls = 0;
    // In turns, so that a noisy neighbour slows both.
    for (let i = 0; i < RUNS; i++) {
      const own = native(path, outside, ...count);
      const kept = await inKeep({ path, args: [inside, ...count], config, options: grant });
      const outputs = { outside: own, inside: kept.output };
      calls = kept.stats.hostCalls;
      for (const side of ['inside', 'outside'] as const) {
        const values = figures(outputs[side]);
        for (const step of steps) {
          const ms = (values.get(step) ?? Number.NaN) / 1e6;
          found[side].set(step, [...(found[side].get(step) ?? []), ms]);
        }
      }
    }
    const least = (side: 'inside' | 'outside', step: Step): number =>
      Math.min(...(found[side].get(step) ?? []));
    for (const step of steps) {
      rows.push(
        row(`${STEPS[step]}, ${what}, in the Keep`, 'ms', found.inside.get(step) ?? []),
        row(`${STEPS[step]}, ${what}, natively`, 'ms', found.outside.get(step) ?? []),
      );
    }
    const whole = (side: 'inside' | 'outside'): number =>
      steps.reduce((sum, step) => sum + least(side, step) * (step === 'transaction' ? TRANSACTIONS : 1), 0);
    if (granted !== undefined) {
      const more = (whole('inside') - whole('outside')) * 1e6;
      notes.push(
        `${what}: ${(whole('inside') / whole('outside')).toFixed(2)} of the native time, ${calls} host calls, ${(more / calls).toFixed(0)} ns more for each.`,
      );
    }
    if (inside !== ':memory:') continue;
    const ratio = whole('inside') / whole('outside');
    goals.push({
      what: 'SQLite in memory, inside / outside, best runs',
      goal: `1.00 ± ${BOUND}, or less`,
      found: ratio.toFixed(3),
      met: ratio <= 1 + BOUND,
    });
  }
  return {
    rows,
    goals,
    notes: [
      ...notes,
      'Below 1.00 in memory: pages come to the Keep many at a time, and to the native program by a fault each.',
      'One file, linked once. The database in a file has its log’s index in memory of the process (locking_mode=EXCLUSIVE), on both sides.',
    ],
  };
}

export const sqlite: Benchmark = { name: 'sqlite', title: 'SQLite in a Keep and natively', run };
