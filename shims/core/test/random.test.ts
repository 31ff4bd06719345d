// SPDX-License-Identifier: Apache-2.0
// The Keep's random generator over the CPU's (SECURITY.md, rule 16).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CORE, nativeProgram } from './support/native.js';

const BEARSSL = join(CORE, '../../build/bearssl');
const RANDOM = 'refused 15\n';

const ROWS: readonly [generator: string, expected: RegExp | string][] = [
  ['good', /^[0-9a-f]{32}\n$/],
  ['slow', /^[0-9a-f]{32}\n$/],
  ['too-slow', RANDOM],
  ['empty', RANDOM],
  ['stuck', RANDOM],
  ['stuck-later', RANDOM],
  ['zeros', RANDOM],
  ['ones', RANDOM],
];

if (!existsSync(BEARSSL)) console.log('skipped: random: scripts/fetch-bearssl has not been run');
else {
  const library = ['codec/dec32be', 'codec/enc32be', 'hash/sha2small', 'mac/hmac', 'rand/hmac_drbg'];
  const sources = library.map((name) => join(BEARSSL, 'src', `${name}.c`));
  const include = ['-I', join(BEARSSL, 'inc'), '-I', join(BEARSSL, 'src')];
  const run = nativeProgram('random_table', ['test/c/random_table.c', 'random.c', ...sources, ...include]);

  for (const [generator, expected] of ROWS) {
    test(`a generator that is ${generator}`, () => {
      const { stdout, stderr } = run([generator]);
      assert.is(stderr, '');
      if (typeof expected === 'string') assert.is(stdout.toString(), expected);
      else assert.match(stdout.toString(), expected);
    });
  }

  test('other words give other bytes', () => {
    assert.is(run(['good']).stdout.toString(), run(['good']).stdout.toString());
    assert.is.not(run(['good']).stdout.toString(), run(['other']).stdout.toString());
  });
}

test.run();
