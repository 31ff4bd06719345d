// SPDX-License-Identifier: Apache-2.0
import { bytesSource } from '@motte/binary/source';
import { KEEP_INFO, KEEP_INFO_FLAGS, KEEP_INFO_MAGIC } from '@motte/plan/sgx/keep-info';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dynamicRanges, tcsOffsets } from '@motte/loader/keep-info';
import { tinyPlan, TINY } from './support/tiny-keep.js';
import type { PagePlan, PageRun } from '@motte/plan/plan';

const HEAP = { thread_count: 1n, heap_start: 0x8000n, heap_end: 0xc000n };

function withInfo(values: Parameters<typeof KEEP_INFO.write>[0], change: Partial<PageRun> = {}): PagePlan {
  const plan = tinyPlan(TINY.EXIT_42);
  const [secs, ...rest] = plan.runs;
  assert.ok(secs !== undefined && rest[0] !== undefined);
  const bytes = bytesSource(KEEP_INFO.write({ magic: KEEP_INFO_MAGIC, version: 1, ...values }));
  const info: PageRun = { ...rest[0], address: 0xd000n, bytes, ...change };
  return { ...plan, runs: [secs, info, ...rest] };
}

const SGX2 = KEEP_INFO_FLAGS.SGX2;
const grown = [{ offset: 0x8000n, length: 0x4000n }];

const ROWS = [
  { name: 'a plan without one', plan: tinyPlan(TINY.EXIT_42), expected: [] },
  { name: 'the SGX2 layout', plan: withInfo({ flags: SGX2, ...HEAP }), expected: grown },
  {
    name: 'the SGX2 layout with threads',
    plan: withInfo({ flags: SGX2, ...HEAP, thread_start: 0x100000n, thread_count: 3n }),
    expected: [{ offset: 0x118000n, length: 0x30000n }, ...grown],
  },
  { name: 'the SGX1 layout', plan: withInfo({ flags: 0, ...HEAP }), expected: [] },
  { name: 'no heap', plan: withInfo({ flags: SGX2, heap_start: 0x8000n, heap_end: 0x8000n }), expected: [] },
  { name: 'another magic', plan: withInfo({ magic: 1n, flags: SGX2, ...HEAP }), expected: [] },
  {
    name: 'one that is not measured',
    plan: withInfo({ flags: SGX2, ...HEAP }, { measured: false }),
    expected: [],
  },
];

for (const row of ROWS) {
  test(`memory that is added while the Keep runs: ${row.name}`, () => {
    assert.equal(dynamicRanges(row.plan), row.expected);
  });
}

const INFO = { ...HEAP, thread_start: 0x100000n, thread_count: 3n };

for (const { name, plan, expected } of [
  { name: 'a plan without KEEP_INFO', plan: tinyPlan(TINY.EXIT_42), expected: [0x7000n] },
  {
    name: 'the SGX2 layout: the plan has the first',
    plan: withInfo({ ...INFO, flags: SGX2 }),
    expected: [0x7000n, 0x12e000n, 0x146000n],
  },
  { name: 'the SGX1 layout: the plan has all', plan: withInfo({ ...INFO, flags: 0 }), expected: [0x7000n] },
]) {
  test(`the TCSs of ${name}`, () => assert.equal(tcsOffsets(plan), expected));
}

test('TCSs of a plan are in its order, page by page', () => {
  const plan = tinyPlan(TINY.EXIT_42);
  const more = plan.runs
    .filter(({ kind }) => kind === 'tcs')
    .map((run) => ({ ...run, address: 0x1000n, pages: 2 }));
  assert.equal(tcsOffsets({ ...plan, runs: [...plan.runs, ...more] }), [0x7000n, 0x1000n, 0x2000n]);
});

test.run();
