// SPDX-License-Identifier: Apache-2.0
// Runs compiled uvu test files, each in a process of its own with a time limit, and sums up.
// A file that runs no test fails: uvu alone passes a file that forgets `test.run()`.
// Usage: node scripts/test.mjs [--strict] [FOLDER…]   (default: every workspace package)
// --strict: every Keep in strict emulation, interrupted at random (test/helpers/src/emulation.ts); by default the folders
// whose tests run Keeps. Takes about an hour.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const STRICT = process.argv.includes('--strict');
const LIMIT_MS = 1000 * Number(process.env.MOTTE_TEST_SECONDS ?? (STRICT ? 3600 : 600));
/** Files whose tests step through a Keep. */
const STEPPING = /\/(?:smash|stops|gdb)\.test\.js$/;
/** How often they may run where steps go astray. */
const TURNS_APART = 6;
/** Files whose tests want two CPUs: a Keep's and that of a thread which watches it. */
const ALONE = /\/kvm-switchless\.test\.js$/;
/** Whose tests run Keeps. */
const KEEP_FOLDERS = ['shims/sgx', 'toolchain/motte', 'test'];
if (STRICT) process.env.MOTTE_TEST_EMULATE = 'strict';

function testFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return testFiles(path);
      return entry.name.endsWith('.test.js') ? [path] : [];
    })
    .sort();
}

function packageTests(folder) {
  const source = [join(folder, 'test'), join(folder, 'e2e')].flatMap(sourceTests);
  const built = [join(folder, 'dist/test'), join(folder, 'dist/e2e')].flatMap(testFiles);
  // A compiled file whose source is gone is a leftover; a source that was not compiled is an error.
  const names = new Set(source.map((path) => basename(path, '.ts')));
  const kept = built.filter((path) => names.has(basename(path, '.js')));
  if (kept.length < source.length)
    throw new Error(`${folder}: ${source.length} test files, ${kept.length} compiled; run the build`);
  return kept;
}

function sourceTests(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sourceTests(path);
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
}

function workspacePackages() {
  return ['packages', 'shims', 'toolchain']
    .map((name) => join(ROOT, name))
    .filter(existsSync)
    .flatMap((parent) => readdirSync(parent).map((name) => join(parent, name)))
    .concat(join(ROOT, 'bench'), join(ROOT, 'test'))
    .filter((folder) => statSync(folder).isDirectory());
}

/** `turns`: how often it may fail before it counts. */
function runFile(file, turns = 1) {
  return new Promise((done) => {
    const started = Date.now();
    const child = spawn(process.execPath, [file], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let out = '';
    const collect = (chunk) => {
      if (out.length < 200_000) out += chunk;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    let late = false;
    const kill = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // the group has ended by itself
      }
    };
    const timer = setTimeout(() => {
      late = true;
      kill();
    }, LIMIT_MS);
    child.on('close', (status) => {
      clearTimeout(timer);
      kill();
      const number = (label) => Number(new RegExp(`^\\s*${label}:\\s+(\\d+)`, 'm').exec(out)?.[1] ?? 0);
      const total = number('Total');
      const passed = number('Passed');
      const skipped = number('Skipped');
      const notes = out.split('\n').filter((line) => line.startsWith('skipped: '));
      let failed = total - passed - skipped;
      let why = '';
      if (late) why = `ended after ${LIMIT_MS / 1000} s`;
      else if (total === 0) why = notes.length > 0 && status === 0 ? '' : 'ran no test';
      else if (status !== 0 && failed <= 0) why = `exit status ${status}`;
      if (why !== '') failed = Math.max(failed, 1);
      const ok = failed <= 0;
      const name = relative(ROOT, file).replace('dist/', '').replace(/\.js$/, '');
      const again = !ok && turns > 1;
      console.log(
        `${ok ? 'ok  ' : again ? 'again' : 'FAIL'} ${name}: ${passed} passed${skipped + notes.length > 0 ? `, ${skipped + notes.length} skipped` : ''} (${((Date.now() - started) / 1000).toFixed(1)} s)${why === '' ? '' : `: ${why}`}`,
      );
      for (const line of notes) console.log(`     ${line}`);
      if (!ok) console.log(out);
      if (again) done(runFile(file, turns - 1));
      else done({ passed, failed: Math.max(failed, 0), skipped: skipped + notes.length });
    });
  });
}

const folders = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const files = (
  folders.length > 0
    ? folders.map((f) => resolve(f))
    : STRICT
      ? KEEP_FOLDERS.map((name) => join(ROOT, name))
      : workspacePackages()
).flatMap(packageTests);
if (files.length === 0) {
  console.error('no test files');
  process.exit(1);
}
const sums = { passed: 0, failed: 0, skipped: 0 };
async function runAll(all, { turns = 1, atOnce = Math.min(2, availableParallelism()) } = {}) {
  const queue = [...all];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
        const result = await runFile(file, turns);
        for (const key of Object.keys(sums)) sums[key] += result[key];
      }
    }),
  );
}

// Where KVM is in software ("PVM"), single steps of other processes go astray while a guest runs, and now and then for a minute after:
// a trap too many, or one too late.
const isApart = (file) => existsSync('/sys/module/kvm_pvm') && STEPPING.test(file);
await runAll(files.filter(isApart), { turns: TURNS_APART });
await runAll(files.filter((file) => !isApart(file) && !ALONE.test(file)));
await runAll(
  files.filter((file) => ALONE.test(file)),
  { atOnce: 1 },
);
console.log(
  `${sums.passed} passed, ${sums.failed} failed${sums.skipped > 0 ? `, ${sums.skipped} skipped` : ''}`,
);
process.exit(sums.failed > 0 ? 1 : 0);
