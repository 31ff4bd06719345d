// SPDX-License-Identifier: Apache-2.0
// The hostile host: every row of the table, every kind of lie, against the generated C, compared with the model.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildHarness, lacking, runCases } from './support/harness.js';
import { guestCases } from './support/lies.js';
import { expectedLine, guestLine } from './support/model.js';
import type { GuestCase } from './support/model.js';
import { ROWS } from './support/rows.js';

let program = '';

function compare(cases: readonly GuestCase[], side: 0 | 1): Map<string, number> {
  const lines = cases.map((one) => guestLine(one, side));
  const outcomes = new Map<string, number>();
  for (const [i, found] of runCases(program, lines).entries()) {
    const one = cases[i];
    const row = ROWS[one?.row ?? -1];
    if (one === undefined || row === undefined) throw new Error(`no case ${i}`);
    const expected = expectedLine(row, one);
    const same = expected.startsWith('refuse') ? found.startsWith(expected) : found === expected;
    assert.ok(same, `${row.name}: expected "${expected}", found "${found}" in ${lines[i]?.slice(0, 800)}`);
    const kind = expected
      .split(' ')
      .slice(0, expected.startsWith('refuse') ? 2 : 1)
      .join(' ');
    outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
  }
  return outcomes;
}

const why = lacking();
if (why !== '') console.log(`skipped: the hostile host: ${why}`);
else {
  test.before(() => {
    program = buildHarness(true);
  });

  for (const [index, row] of ROWS.entries()) {
    test(`${row.name}: a legal value or a refusal, whatever the host says`, () => {
      const cases = guestCases(row, index);
      for (const side of [0, 1] as const) {
        const outcomes = compare(cases, side);
        // A test of lies that refuses nothing, or lets nothing pass, tests nothing.
        assert.ok((outcomes.get('return') ?? 0) > 3, `returned ${outcomes.get('return')}`);
        for (const reason of ['a', 'b', 'c'])
          assert.ok((outcomes.get(`refuse ${reason}`) ?? 0) > 2, `reason ${reason}`);
      }
    });
  }
}

test.run();
