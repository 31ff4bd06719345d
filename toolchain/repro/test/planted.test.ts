// SPDX-License-Identifier: Apache-2.0
import { ROOT } from '@motte/test-helpers/vectors';
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { repro } from '../src/repro.js';
import type { Difference, Report } from '../src/repro.js';
import type { Cause, Variation } from '../src/variation.js';

const PLANTED = join(ROOT, 'toolchain/repro/test/planted');

/** Each planted file, its cause, and what the report must say of the place. */
const TABLE: readonly (readonly [path: string, cause: Cause, place: Readonly<Record<string, unknown>>])[] = [
  ['path-file-macro.o', 'path', { section: '.rodata', symbol: /^where/ }],
  ['path-debug.o', 'path', { section: /^\.debug_/ }],
  ['path-in-json.json', 'path', { key: '$.paths.root', line: 1 }],
  ['path-of-tmp.txt', 'path', { line: 1 }],
  ['clock-macro.o', 'clock', { section: '.rodata', symbol: /^when/ }],
  ['clock-day.txt', 'clock', { line: 1 }],
  ['clock-node.txt', 'clock', { line: 1 }],
  ['mtime.tar', 'mtime', { member: 'data', field: 'mtime' }],
  ['mtime.gz', 'mtime', { field: 'mtime', offset: 4 }],
  ['mtime.a', 'mtime', { field: 'mtime' }],
  ['build-id.elf', 'build-id', { section: '.note.gnu.build-id' }],
  ['random.txt', 'random', { line: 1 }],
  ['random.bin', 'random', {}],
  ['order.txt', 'order', { line: 1 }],
  ['order.a', 'order', { field: 'members', first: 'a.c', second: 'c.c' }],
  ['locale.txt', 'locale', { line: 1 }],
  ['timezone.txt', 'timezone', { first: '00:00', second: '05:45' }],
  ['user.txt', 'user', { line: 1 }],
  ['user.tar', 'user', { member: 'owned', field: 'uid' }],
  ['host.txt', 'host', { second: 'another-host' }],
  ['environment.txt', 'environment', { line: 1 }],
  ['umask.tar', 'umask', { member: 'mode', field: 'mode' }],
  ['parallelism.txt', 'parallelism', { second: '1' }],
  ['parallel-order.txt', 'parallelism', { first: 'quick', second: 'slow' }],
  ['cpu.txt', 'cpu', { second: 'without AVX2' }],
  ['node.txt', 'node', { second: 'v99.0.0' }],
];

const work = mkdtempSync(join(tmpdir(), 'motte-planted-'));
test.after(() => rmSync(work, { recursive: true, force: true }));

// Not in a hook: what a hook of uvu's throws is lost.
const root = join(work, 'planted');
cpSync(PLANTED, root, { recursive: true });
// Another version of Node, as far as a build can tell.
const node = join(work, 'node');
writeFileSync(
  node,
  `#!/bin/sh\n[ "$1" != --version ] || { echo v99.0.0; exit; }\nexec '${process.execPath}' "$@"\n`,
);
chmodSync(node, 0o755);
chmodSync(work, 0o755);
const report: Report = await repro({ root, build: 'sh build.sh', artifacts: ['out'], node, bisect: true });

const varied = (name: string): boolean => report.variations.some((one) => one.name === name && one.varied);
const found = (path: string): Difference | undefined =>
  report.differences.find((one) => one.path === `out/${path}`);

/** What the machine must vary for a cause to be seen, and cannot always. */
const NEEDS: Readonly<Partial<Record<string, Variation>>> = {
  clock: 'clock',
  order: 'order',
  host: 'host',
  cpu: 'cpu',
  parallelism: 'parallelism',
};

for (const [path, cause, place] of TABLE) {
  test(`${path} is found and named: ${cause}`, () => {
    const need = NEEDS[cause];
    if (need !== undefined && !varied(need)) {
      console.log(`skipped: ${path}: this machine cannot vary ${need}`);
      return;
    }
    const difference = found(path);
    if (path === 'cpu.txt' && difference === undefined) {
      console.log('skipped: cpu.txt: this CPU has no AVX2 to hide');
      return;
    }
    assert.ok(difference !== undefined, `${path} is not among the differences`);
    assert.is(difference.cause, cause, `${difference.cause}: ${difference.because}`);
    assert.is(difference.kind, 'content');
    if (difference.kind !== 'content') return;
    for (const [key, want] of Object.entries(place)) {
      const got = difference.place[key as keyof typeof difference.place];
      if (want instanceof RegExp) assert.match(String(got), want, key);
      else assert.is(got, want, key);
    }
  });
}

test('at least 12 kinds are planted', () => {
  assert.ok(new Set(TABLE.map(([, cause]) => cause)).size >= 12);
});

test('nothing else differs', () => {
  const known = new Set(TABLE.map(([path]) => `out/${path}`));
  assert.equal(
    report.differences.map(({ path }) => path).filter((path) => !known.has(path)),
    [],
  );
  assert.not(report.same);
  assert.is(report.files, TABLE.length + 4);
});

test('every variation is told, varied or with the reason why not', () => {
  assert.is(report.variations.length, 12);
  for (const one of report.variations) if (!one.varied) assert.ok(one.why !== '', one.name);
});

test.run();
