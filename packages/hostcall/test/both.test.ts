// SPDX-License-Identifier: Apache-2.0
// Guest and host together: whatever the host's kernel answers its dispatcher, an honest host never ends a Keep.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildHarness, lacking, runCases } from './support/harness.js';
import { expectedHostLine, scriptTokens } from './support/host-model.js';
import { goodRequest, kernelCases } from './support/keep-lies.js';
import { goodCase } from './support/lies.js';
import { callTokens } from './support/model.js';
import { ROWS } from './support/rows.js';

const why = lacking();
if (why !== '') console.log(`skipped: guest and host together: ${why}`);
else {
  let program = '';
  test.before(() => {
    program = buildHarness(true);
  });

  for (const [index, row] of ROWS.entries()) {
    test(`${row.name}: the guest returns what the dispatcher answered`, () => {
      const { one, given } = goodRequest(row, index);
      const cases = kernelCases(row, one, given);
      const call = callTokens(goodCase(row, index), 1);
      const lines = cases.map(({ script }) => `${call} serve ${scriptTokens(script)}`);
      let succeeded = 0;
      for (const [i, found] of runCases(program, lines).entries()) {
        const answer = cases[i];
        if (answer === undefined) throw new Error(`no case ${i}`);
        const [, result] = expectedHostLine(ROWS, answer).split(' ');
        assert.is(found.split(' ').slice(0, 2).join(' '), `return ${result}`, lines[i]?.slice(0, 600));
        assert.match(found, ` called 1 ${index.toString(16)} `);
        if (BigInt(`0x${result}`) < 1n << 63n) succeeded++;
      }
      assert.ok(succeeded > 2, `succeeded ${succeeded}`);
    });
  }
}

test.run();
