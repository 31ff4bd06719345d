// SPDX-License-Identifier: Apache-2.0
// The hostile Keep: every row of the table and every kind of request, against the generated dispatcher, compared with
// the model. The block may change as it is read, and lies between guard pages.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildHarness, lacking, runCases } from './support/harness.js';
import { expectedHostLine, hostLine } from './support/host-model.js';
import type { HostCase } from './support/host-model.js';
import { goodRequest, hostCases } from './support/keep-lies.js';
import { ROWS } from './support/rows.js';

let program = '';

function compare(cases: readonly HostCase[]): { served: number; refused: number } {
  const lines = cases.map((one) => hostLine(ROWS, one));
  const counts = { served: 0, refused: 0 };
  for (const [i, found] of runCases(program, lines).entries()) {
    const one = cases[i];
    if (one === undefined) throw new Error(`no case ${i}`);
    const expected = expectedHostLine(ROWS, one);
    assert.is(found, expected, lines[i]?.slice(0, 800));
    if (expected.includes(' called 1 ')) counts.served++;
    else counts.refused++;
  }
  return counts;
}

const why = lacking();
if (why !== '') console.log(`skipped: the hostile Keep: ${why}`);
else {
  test.before(() => {
    program = buildHarness(true);
  });

  for (const [index, row] of ROWS.entries()) {
    test(`${row.name}: served as granted, or refused, whatever the Keep says`, () => {
      const counts = compare(hostCases(row, index));
      assert.ok(counts.served > 100, `served ${counts.served}`);
      assert.ok(counts.refused > 10, `refused ${counts.refused}`);
    });
  }

  test('every number that no row has is ENOSYS', () => {
    const [first] = ROWS;
    if (first === undefined) throw new Error('no rows');
    const { one } = goodRequest(first, 0);
    const taken = new Set(ROWS.map((row) => row.number));
    const numbers = [...Array(600).keys(), 0xffff, 0x10004, 0x7fffffff, 0x80000000, 0xffffffff];
    const counts = compare(
      numbers.filter((number) => !taken.has(number)).map((number) => ({ ...one, number })),
    );
    assert.is(counts.served, 0);
  });
}

test.run();
