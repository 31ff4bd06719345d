// SPDX-License-Identifier: Apache-2.0
// npm run bench:measure: how fast digests are computed, with what memory, and beside whom.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@motte/test-helpers/vectors';
import { tempFolder } from '@motte/test-helpers/temp';
import { Missing } from '../outcome.js';
import type { Benchmark, Outcome } from '../outcome.js';
import { row } from '../stats.js';
import { growth } from './growth.js';
import { library } from './library.js';
import { LARGE_INPUTS, MOST_BYTES, peakBytes } from './memory.js';
import { whole } from './whole.js';

const GIB = 1 << 30;

function memory(): Outcome {
  const folder = tempFolder('motte-bench');
  const rows = LARGE_INPUTS.map((input) =>
    row(`motte measure ${input.name} of 1 GiB of random bytes, peak memory`, 'bytes', [
      peakBytes(input, folder, GIB, 'random'),
    ]),
  );
  const most = Math.max(...rows.map(({ best }) => best));
  return {
    rows,
    goals: [
      {
        what: 'peak memory of a command that measures 1 GiB',
        goal: `under ${MOST_BYTES / 1e6} MB`,
        found: `${(most / 1e6).toFixed(0)} MB (the largest)`,
        met: most < MOST_BYTES,
      },
    ],
    notes: [],
  };
}

async function run(): Promise<Outcome> {
  if (!existsSync(join(ROOT, 'toolchain/motte/dist/motte.cjs')))
    throw new Missing('npm run build makes the command');
  const parts = [await library(), whole(), growth(), memory()];
  return {
    rows: parts.flatMap(({ rows }) => rows),
    goals: parts.flatMap(({ goals }) => goals),
    notes: [
      'CPU time leaves out what others do on the machine; where nothing is said the clock is meant. Best runs count.',
      ...parts.flatMap(({ notes }) => notes),
    ],
  };
}

export const measure: Benchmark = { name: 'measure', title: 'Measuring, and others beside us', run };
