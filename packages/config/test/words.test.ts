// SPDX-License-Identifier: Apache-2.0
import { codeAndField } from '@motte/test-helpers/errors';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostValues, withCommandLine } from '../src/host-values.js';
import { defaultConfig, parseKeepToml } from '../src/keep-toml.js';
import { nearest } from '../src/nearest.js';
import { formatSize, parseSize, roughSize } from '../src/size.js';

test('sizes are read as they are written', () => {
  for (const [text, bytes] of [
    ['0B', 0n],
    ['256MiB', 256n << 20n],
    ['1 GiB', 1n << 30n],
    ['10KiB', 10240n],
  ] as const) {
    assert.is(parseSize(text), bytes);
  }
  for (const text of ['', 'MiB', '1', '1MB', '01KiB', '-1B', '1.5GiB', '1e3B', '1  B', '1KiB ']) {
    assert.is(parseSize(text), undefined, text);
  }
  fc.assert(fc.property(fc.bigInt(0n, 1n << 50n), (bytes) => parseSize(formatSize(bytes)) === bytes));
  assert.equal([roughSize(17), roughSize(3_250_000), roughSize(1n << 40n)], ['17 B', '3.0 MiB', '1.0 TiB']);
});

test('a slip of the hand finds its word, another word finds none', () => {
  const words = ['measure', 'plan', 'platform', 'sign', 'run'];
  for (const [word, expected] of [
    ['mesure', 'measure'],
    ['measrue', 'measure'],
    ['plat', 'platform'],
    ['Sign', 'sign'],
    ['rnu', 'run'],
    ['elephant', undefined],
    ['x'.repeat(10000), undefined],
  ] as const) {
    assert.is(nearest(word, words), expected, word.slice(0, 20));
  }
});

test('a bare file is given its own command line, the last of a variable given twice', () => {
  const env = [
    { key: 'A', value: '1' },
    { key: 'A', value: '2' },
  ];
  const config = withCommandLine(defaultConfig(), ['x'], env);
  assert.equal(config.args, ['x']);
  assert.equal(config.env, [{ key: 'A', value: '2', measured: true }]);
});

const FIXED = parseKeepToml('[env]\nA = "1"\nB = { measured = false }\n');
const OPEN = parseKeepToml('args = "host"\nenv = "host"\n');
const pair = (key: string): { key: string; value: string } => ({ key, value: 'v' });
for (const [name, config, args, env, expected] of [
  ['an argument to a fixed configuration', FIXED, ['x'], [], 'CONFIG_HOST_VALUE args'],
  ['a fixed variable', FIXED, [], [pair('A')], 'CONFIG_HOST_VALUE env.A'],
  ['an unknown variable', FIXED, [], [pair('C')], 'CONFIG_HOST_VALUE env.C'],
  ['a variable that is the host’s', FIXED, [], [pair('B')], 'accepted'],
  ['anything where the host gives all', OPEN, ['x'], [pair('C')], 'accepted'],
] as const) {
  test(`${name}: ${expected}`, () => {
    assert.is(
      codeAndField(() => hostValues(config, args, env)),
      expected,
    );
  });
}

test.run();
