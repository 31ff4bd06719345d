// SPDX-License-Identifier: Apache-2.0
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { figures } from '../src/programs.js';
import { markdown } from '../src/results.js';
import { machine } from '../src/machine.js';
import { median, row } from '../src/stats.js';

test('median and best, whichever way is better', () => {
  assert.is(median([3, 1, 2]), 2);
  assert.is(median([4, 1, 2, 3]), 2.5);
  assert.throws(() => median([]));
  assert.equal(row('x', 'ns', [3, 1, 2]), { what: 'x', unit: 'ns', best: 1, median: 2, runs: 3 });
  assert.is(row('x', 'MB/s', [3, 1, 2]).best, 3);
});

test('a program that prints something else than figures is an error, not a zero', () => {
  assert.equal(
    [...figures('a 1\nb 2.5\n')],
    [
      ['a', 1],
      ['b', 2.5],
    ],
  );
  assert.throws(() => figures('a one\n'), /not a figure: a one/);
  assert.throws(() => figures('a\n'), /not a figure/);
});

test('a result names the machine, and says which goal was missed', () => {
  const benchmark = { name: 'n', title: 'T', run: () => Promise.reject(new Error()) };
  const goals = [{ what: 'g', goal: 'under 1', found: '2', met: false }];
  const text = markdown(benchmark, machine(), { rows: [row('w', 'ms', [1, 2])], goals, notes: ['N.'] });
  assert.match(text, /^# T\n\n`npm run bench n`\n\n.*cores.*\n.*Node v.*\n.*commit/);
  assert.match(text, '| w | 1.00 ms | 1.50 ms | 2 |');
  assert.match(text, '| g | under 1 | 2 | **no** |');
});

test.run();
