// SPDX-License-Identifier: Apache-2.0
// npm run bench [NAME…]: builds, then runs bench/. Results go to bench/results.
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run('scripts/build.mjs', '--quiet');
run(join('bench', 'dist', 'src', 'main.js'), ...process.argv.slice(2));
