// SPDX-License-Identifier: Apache-2.0
// `motte repro` over what this repository builds: what a user gets of it (the clone's own build is the first one, so
// it must be built), and each example. Ends with `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const MOTTE = join(ROOT, 'toolchain/motte/bin/motte');

/** A stamp says when to build again and may name this machine's folders; nobody is given one, nor tests and maps. */
const OURS = ['**/*.stamp', '**/*.tsbuildinfo', '**/*.map', '**/test/**'];

const PROJECTS = [
  {
    name: 'shims, native parts and command',
    folder: '.',
    prepare: 'scripts/setup',
    build: 'node scripts/build.mjs',
    artifacts: ['shims/sgx/prebuilt', 'packages/loader/prebuilt', 'toolchain/motte/dist'],
    options: ['--built', ...OURS.flatMap((pattern) => ['--except', pattern])],
  },
  {
    name: 'examples/c',
    folder: 'examples/c',
    build: 'gcc-12 -static-pie -O2 hello.c -o hello',
    artifacts: ['hello'],
    options: [],
  },
  {
    name: 'examples/rust',
    folder: 'examples/rust',
    needs: 'rustc',
    build: 'rustc -O -C target-feature=+crt-static -C relocation-model=pie hello.rs -o hello',
    artifacts: ['hello'],
    options: [],
  },
];

const has = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

const sums = { passed: 0, failed: 0, skipped: 0 };
for (const { name, folder, needs, prepare, build, artifacts, options } of PROJECTS) {
  if (needs !== undefined && !has(needs)) {
    sums.skipped++;
    console.log(`skipped: ${name}: there is no ${needs}`);
    continue;
  }
  const args = [
    'repro',
    folder,
    '--build',
    build,
    ...(prepare === undefined ? [] : ['--prepare', prepare]),
    ...artifacts.flatMap((path) => ['--artifact', path]),
    ...options,
  ];
  const started = Date.now();
  const { status } = spawnSync(process.execPath, [MOTTE, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  sums[status === 0 ? 'passed' : 'failed']++;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}: exit status ${status} (${seconds} s)`);
}
const skipped = sums.skipped > 0 ? `, ${sums.skipped} skipped` : '';
console.log(`${sums.passed} passed, ${sums.failed} failed${skipped}`);
process.exit(sums.failed > 0 ? 1 : 0);
