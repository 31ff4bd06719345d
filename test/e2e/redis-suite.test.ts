// SPDX-License-Identifier: Apache-2.0
// What scripts/suites redis makes of what Redis's own tests print. The whole run needs Redis's source, and minutes.
import { ROOT } from '@motte/test-helpers/vectors';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readList } from '../suites/ltp/list.js';
import { readReports } from '../suites/redis/units.js';
import { judge } from '../suites/redis/verdict.js';

const PRINTED = [
  'Testing unit/quit',
  '\u001B[32m[ok]\u001B[0m: QUIT returns OK (1 ms)',
  '[ok]: twice, first well (0 ms)',
  '[err]: twice, first well in tests/unit/quit.tcl',
  '[err]: twice, then well in tests/unit/quit.tcl',
  '[ok]: twice, then well',
  '[ignore]: needs a server of its own: not allowed on external server',
  "Expected 'OK' to be equal to ''",
].join('\n');

test('reports are read; a name that comes twice is well only if both are', () => {
  assert.equal(
    [...readReports(PRINTED)],
    [
      ['QUIT returns OK', true],
      ['twice, first well', false],
      ['twice, then well', false],
    ],
  );
});

test('only what is well natively counts, and only a listed test may be unsupported', () => {
  const native = new Map([
    ['well', true],
    ['nowhere', false],
    ['listed', true],
    ['inside not', true],
    ['never came', true],
  ]);
  const keep = new Map([
    ['well', true],
    ['nowhere', true],
    ['listed', false],
    ['inside not', false],
  ]);
  const verdicts = judge('unit/x', native, keep, new Map([['unit/x: listed', 'a reason']]));
  assert.equal(
    [...verdicts].map(([name, { kind, why }]) => `${name} ${kind} ${why}`.trim()),
    [
      'unit/x: well passed',
      'unit/x: nowhere elsewhere',
      'unit/x: listed unsupported a reason',
      'unit/x: inside not failed not well inside',
      'unit/x: never came failed not reached inside',
    ],
  );
});

test('the committed list is read, and each line says why', () => {
  const list = readList(readFileSync(join(ROOT, 'test/suites/redis/unsupported.txt'), 'utf8'));
  assert.ok(list.size > 0);
  for (const [name, why] of list) {
    assert.match(name, /^unit\/\S+: \S/);
    assert.match(why, /^(?:fork|order): \S/);
  }
});

test('a folder that is no source of Redis is named, and arguments are asked for', () => {
  const suites = (...args: string[]): [number | null, string] => {
    const { status, stderr } = spawnSync(join(ROOT, 'scripts/suites'), ['redis', ...args], {
      encoding: 'utf8',
    });
    return [status, stderr];
  };
  const [status, said] = suites(join(ROOT, 'docs'));
  assert.is(status, 2);
  assert.match(said, /docs: no source of Redis \(sought src\/version\.h and runtest\)/);
  assert.is(suites()[0], 64);
});

test.run();
