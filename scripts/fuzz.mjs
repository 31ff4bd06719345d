// SPDX-License-Identifier: Apache-2.0
// npm run fuzz [SECONDS [WORD…]]: every test file that uses fast-check or fuzzParser, SECONDS each (60 by default; each
// parser of a file takes them), with fresh seeds; then fuzz/run, which is libFuzzer over both sides of the host-call
// boundary. WORDs choose those whose path has one of them. A finding of fast-check prints its seed and path, with which
// it plays it again; one of fuzzParser is a file in build/fuzz: fix the parser, then put the file in
// fuzz/corpus/PARSER as ANSWER.WHAT, where ANSWER is `accepted` or the code that refuses it, and every test run replays
// it. MOTTE_FUZZ_KEEP=1 puts inputs with answers that were not seen before there. Ends with `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
/** A run that takes this much longer than it was given hangs, and that is a finding. */
const GRACE_SECONDS = 120;

function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    return entry.name.endsWith('.test.js') ? [path] : [];
  });
}

const TARGETS = 'fuzz/run';
/** How fuzz/run ends where clang or its libFuzzer is missing. */
const PLATFORM_MISSING = 6;

function isWanted(path, words) {
  return words.length === 0 || words.some((word) => path.includes(word));
}

function fuzzers(words) {
  return ['packages', 'toolchain', 'shims']
    .map((name) => join(ROOT, name))
    .filter(existsSync)
    .flatMap((parent) => readdirSync(parent).map((name) => join(parent, name, 'dist/test')))
    .concat(join(ROOT, 'test/dist/e2e'))
    .flatMap(files)
    .filter((file) => /from 'fast-check'|fuzzParser/.test(readFileSync(file, 'utf8')))
    .filter((file) => isWanted(relative(ROOT, file), words))
    .toSorted((a, b) => a.localeCompare(b));
}

/**
 * Runs one file for its time. A file whose properties take their length from MOTTE_FUZZ_SECONDS runs once; any
 * other runs again and again, as fast-check draws a new seed each time.
 */
function fuzz(file, seconds) {
  const again = /fuzzParameters|fuzzParser/.test(readFileSync(file, 'utf8')) ? 0 : seconds;
  const started = Date.now();
  const spent = () => (Date.now() - started) / 1000;
  let rounds = 0;
  do {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [file], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, MOTTE_FUZZ_SECONDS: String(seconds) },
      // A file may have several properties, each of which takes the whole time.
      timeout: 1000 * (8 * seconds + GRACE_SECONDS),
      killSignal: 'SIGKILL',
      maxBuffer: 1 << 26,
    });
    rounds++;
    if (status !== 0) {
      return {
        rounds,
        seconds: spent(),
        finding: `${stdout}${stderr}${signal === null ? '' : `\nended by ${signal}`}`,
      };
    }
  } while (spent() < again);
  return { rounds, seconds: spent(), finding: undefined };
}

const [first = '60', ...words] = process.argv.slice(2);
const seconds = Number(first);
if (!(seconds > 0)) {
  console.error('usage: npm run fuzz [SECONDS [WORD…]]');
  process.exit(64);
}
const built = spawnSync(process.execPath, ['scripts/build.mjs', '--quiet'], { cwd: ROOT, stdio: 'inherit' });
if (built.status !== 0) process.exit(1);
const sums = { passed: 0, failed: 0, skipped: 0 };

function report(name, outcome, more, said) {
  sums[outcome]++;
  console.log(`${{ passed: 'ok  ', failed: 'FAIL', skipped: 'skip' }[outcome]} ${name}: ${more}`);
  if (outcome !== 'passed') console.log(said);
}

for (const file of fuzzers(words)) {
  const { rounds, seconds: spent, finding } = fuzz(file, seconds);
  const name = relative(ROOT, file).replace('dist/', '').replace(/\.js$/, '');
  const outcome = finding === undefined ? 'passed' : 'failed';
  report(name, outcome, `${rounds} rounds in ${spent.toFixed(0)} s`, finding);
}
if (isWanted(`${TARGETS} hostcall`, words)) {
  const { status, stdout, stderr } = spawnSync(join(ROOT, TARGETS), [String(Math.ceil(seconds))], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const outcome = status === 0 ? 'passed' : status === PLATFORM_MISSING ? 'skipped' : 'failed';
  report(TARGETS, outcome, `${seconds} s each target`, stdout + stderr);
}
const { passed, failed, skipped } = sums;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
