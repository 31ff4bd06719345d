// SPDX-License-Identifier: Apache-2.0
// Answers and requests by chance, beside the edges of guest.test.ts and host.test.ts: the models know what must come.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildHarness, lacking, runCases } from './support/harness.js';
import { expectedHostLine, hostLine } from './support/host-model.js';
import type { HostCase } from './support/host-model.js';
import { goodCase } from './support/lies.js';
import { expectedLine, guestLine } from './support/model.js';
import type { GuestCase } from './support/model.js';
import { ROWS } from './support/rows.js';

const RUNS = 6000;

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const small = fc.bigInt({ min: 0n, max: 6n });
/** One time in three; a call that is wrong in everything is refused over the first thing. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, arbitrary);
const patch = fc.record({
  at: fc.nat(0x48),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
});

/** A good call with an answer that is good, but for a part of it. */
const answer: fc.Arbitrary<GuestCase> = fc
  .record({
    row: fc.nat(ROWS.length - 1),
    elements: fc.nat(7),
    delta: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, u32),
    result: seldom(fc.oneof(small, u64, fc.bigInt({ min: -140n, max: -1n }))),
    outLength: seldom(fc.oneof(fc.nat(64), u32)),
    seed: seldom(u32),
    patches: fc.oneof(fc.constant([]), fc.array(patch, { maxLength: 3 })),
    header: fc.array(
      fc.record({
        at: fc.constantFrom(0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0x50),
        bytes: patch.map((p) => p.bytes),
      }),
      { maxLength: 2 },
    ),
  })
  .map(({ row: index, elements, delta, result, outLength, seed, patches, header }) => {
    const row = ROWS[index];
    if (row === undefined) throw new Error(`no row ${index}`);
    const good = goodCase(row, index, elements, elements);
    const { lie } = good;
    const data = {
      seed: seed ?? lie.data.seed,
      patches: [...(seed === null ? lie.data.patches : []), ...patches],
    };
    const told = { delta, data, header, result: result ?? lie.result, outLength: outLength ?? lie.outLength };
    return { ...good, lie: told };
  });

/** A block of any content; numbers are small more often than not. */
const block: fc.Arbitrary<HostCase> = fc.record({
  version: fc.constantFrom(1, 1, 1, 0),
  sequence: u32,
  number: fc.constantFrom(...ROWS.map((row) => row.number)),
  args: fc.array(
    fc.oneof(
      { weight: 5, arbitrary: small },
      fc.constantFrom(0x5401n, 0x5413n, 0x541bn, 3n, 4096n, 0x20000n, 1024n, 128n),
      u64,
    ),
    { minLength: 6, maxLength: 6 },
  ),
  inLength: fc.oneof(fc.constantFrom(0, 8, 16, 24), u32),
  data: fc.record({ seed: u32, patches: fc.array(patch, { maxLength: 3 }) }),
  step: fc.constant(false),
  script: fc.record({
    result: fc.oneof(fc.bigInt({ min: -140n, max: 20n }), u64),
    length: fc.oneof(fc.nat(200), u32),
    fill: u32,
    patches: fc.constant([]),
  }),
});

const why = lacking();
if (why !== '') console.log(`skipped: answers and requests by chance: ${why}`);
else {
  let program = '';
  test.before(() => {
    program = buildHarness(true);
  });

  test('answers by chance', () => {
    const cases = fc.sample(answer, RUNS);
    const lines = cases.map((one, i) => guestLine(one, i % 2 === 0 ? 0 : 1));
    const counts = { returned: 0, refused: 0 };
    for (const [i, found] of runCases(program, lines).entries()) {
      const one = cases[i];
      const row = ROWS[one?.row ?? -1];
      if (one === undefined || row === undefined) throw new Error(`no case ${i}`);
      const expected = expectedLine(row, one);
      const refused = expected.startsWith('refuse');
      counts[refused ? 'refused' : 'returned']++;
      assert.is(refused ? found.slice(0, expected.length) : found, expected, `${row.name}: ${lines[i]}`);
    }
    assert.ok(counts.returned > RUNS / 20 && counts.refused > RUNS / 20, JSON.stringify(counts));
  });

  test('requests by chance', () => {
    const cases = fc.sample(block, RUNS);
    const lines = cases.map((one) => hostLine(ROWS, one));
    let served = 0;
    for (const [i, found] of runCases(program, lines).entries()) {
      const one = cases[i];
      if (one === undefined) throw new Error(`no case ${i}`);
      const expected = expectedHostLine(ROWS, one);
      assert.is(found, expected, lines[i]);
      if (expected.includes(' called 1 ')) served++;
    }
    assert.ok(served > RUNS / 200, `${served} served`);
  });
}

test.run();
