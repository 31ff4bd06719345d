// SPDX-License-Identifier: Apache-2.0
import { schemaFaults } from '@motte/test-helpers/json-schema';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE, json, motte, refusal, schema } from './motte.js';

/** A folder with these files. */
function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(PLACE, 'repro-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

const repro = (root: string, build: string, ...more: string[]): string[] => [
  'repro',
  root,
  '--build',
  build,
  '--artifact',
  'out',
  ...more,
];

test('a build that is reproducible: 0, and the work folder is gone', () => {
  const tmp = folder({});
  const result = json(repro(folder({ a: 'x' }), 'sort a >out'), 'repro', { env: { TMPDIR: tmp } });
  assert.is(result['same'], true);
  assert.is(result['builds'], 2);
  assert.equal(readdirSync(tmp), []);
});

test('a build that is not: 1, with place, cause and fix', () => {
  const root = folder({});
  const ran = motte(repro(root, 'echo "{\\"by\\":\\"$PWD\\"}" >out'));
  assert.is(ran.status, 1);
  assert.match(ran.stdout, /^out: differs at 0x[0-9a-f]+, line 1, key \$\.by\n/);
  assert.match(ran.stdout, /\n {2}cause: {2}path: it differs when only path is varied\n/);
  assert.match(ran.stdout, /\ndifferent: 1 of 1 file\n$/);
  assert.not(existsSync(join(root, 'out')), 'TARGET is left as it was');
  assert.match(ran.stderr, /motte: varied: timezone: UTC/);
});

test('--json of a difference fits its schema', () => {
  const ran = motte([...repro(folder({}), 'date +%Z >out'), '--json']);
  assert.is(ran.status, 1);
  const { result } = JSON.parse(ran.stdout) as { result: Record<string, unknown> };
  assert.equal(schemaFaults(schema('repro'), result), []);
  assert.match(ran.stdout, /"cause":"timezone"/);
});

test('--without leaves a variation out', () => {
  const build = 'date +%Z >out';
  assert.is(motte(repro(folder({}), build, '--without', 'timezone')).status, 0);
});

test('--built takes what is there for the first build', () => {
  const root = folder({ out: 'one\n' });
  assert.is(motte(repro(root, 'echo one >out', '--built')).status, 0);
  assert.is(motte(repro(root, 'echo two >out', '--built')).status, 1);
});

test('--prepare runs with the true clock', () => {
  assert.is(motte(repro(folder({}), 'cat day >out', '--prepare', 'date +%Y >day')).status, 0);
});

test('--compare: files, folders, patterns', () => {
  const [a, b] = [folder({ x: '1', y: 'same' }), folder({ x: '2', y: 'same' })];
  assert.is(motte(['repro', '--compare', a, b]).status, 1);
  assert.is(motte(['repro', '--compare', a, b, '--except', 'x']).status, 0);
  assert.is(motte(['repro', '--compare', join(a, 'y'), join(b, 'y')]).status, 0);
  mkdirSync(join(b, 'z'));
  assert.is(json(['repro', '--compare', join(a, 'y'), join(b, 'y')], 'repro')['files'], 1);
});

for (const [args, want] of [
  [['repro', '--compare', '/none', '/nothing'], '2 REPRO_SOURCE /none'],
  [['repro', '--compare', '/none'], '64 USAGE_ARGUMENTS --compare'],
  [['repro', '/none', '--build', 'true', '--artifact', 'x'], '2 REPRO_SOURCE /none'],
  [['repro', '/none', '--build', 'true'], '64 USAGE_ARGUMENTS --artifact'],
  [['repro', '/none', '/none'], '64 USAGE_ARGUMENTS /none'],
  [['repro', '/none', '--without', 'weather'], '64 USAGE_VALUE --without'],
  [['repro', '/none/shim.toml'], '2 FILE_ACCESS /none/shim.toml'],
] as const) {
  test(`motte ${args.join(' ')}: ${want}`, () => {
    assert.is(refusal(args), want);
  });
}

test('a build that fails, or makes something else: 2, with the end of its output', () => {
  const failed = motte(repro(folder({}), 'echo what went wrong; exit 3'));
  assert.is(failed.status, 2);
  assert.match(failed.stderr, /\nwhat went wrong\n/);
  assert.match(failed.stderr, /expected exit status 0, found 3 \(varied: nothing\)/);
  const other = motte(repro(folder({}), 'true'));
  assert.is(other.status, 2);
  assert.match(other.stderr, /^motte: REPRO_ARTIFACT|\nmotte: .*out/);
});

test.run();
