// SPDX-License-Identifier: Apache-2.0
// Everything that reads the sources without running them: format, type-aware lint, import order, SPDX lines,
// file lengths. Ends with `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { violations } from './check-imports.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(ROOT, 'node_modules/.bin', name);

function run(command, args) {
  const result = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 });
  return result.status === 0 ? [] : [result.stdout + result.stderr + (result.error?.message ?? '')];
}

/** The files of the tree that are ours: tracked, or new and not ignored. */
function tracked() {
  const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return stdout.split('\n').filter((file) => file !== '');
}

const CODE = /(\.(ts|mts|mjs|c|h|cc|S|lds|sh)$)|^scripts\/[a-z-]+$/;

function withoutSpdx() {
  return tracked()
    .filter((file) => CODE.test(file))
    .filter(
      (file) =>
        !readFileSync(join(ROOT, file), 'utf8')
          .split('\n', 4)
          .join('\n')
          .includes('SPDX-License-Identifier: Apache-2.0'),
    )
    .map((file) => `${file}: no SPDX line within its first four lines`);
}

/** Longest source file we take, in lines; longer ones say why here. */
const MOST_LINES = 400;
const LONG = new Map([]);

function tooLong() {
  return tracked()
    .filter((file) => /\.(ts|mjs|c|h|cc|S)$/.test(file) && !file.includes('/generated/'))
    .map((file) => [file, readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1])
    .filter(([file, lines]) => lines > MOST_LINES && !LONG.has(file))
    .map(([file, lines]) => `${file}: ${lines} lines, at most ${MOST_LINES}`);
}

/** @type {readonly (readonly [string, () => string[]])[]} */
const CHECKS = [
  ['format', () => run(bin('prettier'), ['--check', '--log-level', 'warn', '.'])],
  ['lint', () => run(bin('oxlint'), ['--type-aware', '--deny-warnings', '.'])],
  ['import order', () => violations(ROOT)],
  ['SPDX lines', withoutSpdx],
  ['file lengths', tooLong],
];

let failed = 0;
for (const [name, check] of CHECKS) {
  const found = check();
  if (found.length > 0) failed++;
  console.log(`${found.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  for (const line of found) console.log(line);
}
console.log(`${CHECKS.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
