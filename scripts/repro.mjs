// SPDX-License-Identifier: Apache-2.0
// `motte repro` over what this repository gives to its users (every shim, the addon and helper, the command, the page)
// and over each example. Run `npm run build` first: what is built already is the first build. Ends with
// `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const MOTTE = join(ROOT, 'toolchain/motte/bin/motte');

const PROJECTS = [
  {
    name: 'what npm run build makes',
    args: [
      '.',
      '--built',
      '--prepare',
      'sh scripts/setup',
      '--build',
      'node scripts/build.mjs --quiet',
      ...[
        'shims/sgx/prebuilt',
        'shims/vm/prebuilt',
        'packages/loader/prebuilt',
        'toolchain/motte/dist/motte.cjs',
        'toolchain/motte/dist/motte',
        'docs/measure.html',
      ].flatMap((path) => ['--artifact', path]),
      // A stamp says when to build again, by this machine's times and folders; nobody is given one.
      '--except',
      '**.stamp',
    ],
  },
  {
    name: 'examples/c',
    args: ['examples/c', '--build', 'gcc-12 -static-pie -O2 hello.c -o hello', '--artifact', 'hello'],
  },
  {
    name: 'examples/rust',
    needs: 'rustc',
    args: [
      'examples/rust',
      '--build',
      'rustc -O -C target-feature=+crt-static -C relocation-model=pie hello.rs -o hello',
      '--artifact',
      'hello',
      // rustup's rustc is in the home of whoever installed it, and is found by HOME.
      '--without',
      'user',
      '--without',
      'environment',
    ],
  },
];

const has = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

const sums = { passed: 0, failed: 0, skipped: 0 };
for (const { name, needs, args } of PROJECTS) {
  if (needs !== undefined && !has(needs)) {
    sums.skipped++;
    console.log(`skipped: ${name}: there is no ${needs}`);
    continue;
  }
  const started = Date.now();
  const { status } = spawnSync(process.execPath, [MOTTE, 'repro', ...args], {
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
