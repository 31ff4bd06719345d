// SPDX-License-Identifier: Apache-2.0
// Builds everything that a command or a test needs, each step only when its inputs changed.
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const quiet = process.argv.includes('--quiet');

/** Each step is idempotent and near free when nothing changed. */
const STEPS = [
  ['types', join(ROOT, 'node_modules/.bin/tsc'), ['-b']],
  ['native parts', process.execPath, ['packages/loader/native/build.mjs']],
  ['shims', process.execPath, ['scripts/build-shims.mjs']],
  ['command', process.execPath, ['toolchain/motte/build.mjs']],
  ['page', process.execPath, ['toolchain/measure-page/build.mjs']],
];

for (const [name, command, args] of STEPS) {
  const started = Date.now();
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error(`build: ${name} failed${error === undefined ? '' : `: ${error.message}`}`);
    process.exit(1);
  }
  if (!quiet) console.error(`build: ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}
