// SPDX-License-Identifier: Apache-2.0
// What a user waits for: the command, from its start to its end.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@motte/test-helpers/vectors';
import { Missing } from './outcome.js';
import type { Benchmark, Goal, Outcome, Row } from './outcome.js';
import { built } from './programs.js';
import { ENV, MOTTE, spawned } from './spawned.js';
import { repeat, row } from './stats.js';

const RUNS = 15;

async function run(): Promise<Outcome> {
  if (!existsSync(join(ROOT, 'toolchain/motte/dist/motte.cjs')))
    throw new Missing('npm run build makes the command');
  const hello = built('hello');
  const rows: Row[] = [];
  const goals: Goal[] = [];
  for (const { words, most } of [
    { words: ['--help'], most: 100 },
    { words: ['run', '--emulate', hello], most: 250 },
    { words: ['measure', 'sgx', hello], most: undefined },
  ]) {
    const what = `motte ${words.map((word) => (word === hello ? 'hello' : word)).join(' ')}`;
    const cpu: number[] = [];
    const samples = await repeat(RUNS, () => cpu.push(spawned(MOTTE, words).cpuMs));
    rows.push(row(what, 'ms', samples), row(`${what}, CPU time`, 'ms', cpu));
    const found = Math.min(...samples);
    if (most !== undefined)
      goals.push({
        what,
        goal: `under ${most} ms`,
        found: `${found.toFixed(1)} ms (best run)`,
        met: found < most,
      });
  }
  const node = await repeat(RUNS, () => spawnSync(process.execPath, ['-e', '0'], { env: ENV }));
  rows.push(row('node -e 0, which is in all of them', 'ms', node));
  return {
    rows,
    goals,
    notes: [
      'Best runs count, because on a machine that others use the median measures the others. NODE_EXTRA_CA_CERTS and NODE_OPTIONS are not set.',
    ],
  };
}

export const command: Benchmark = { name: 'command', title: 'The command, from start to end', run };
