// SPDX-License-Identifier: Apache-2.0
import { SITE } from '@motte/elf/sites';
import { NO_BYTES } from '@motte/plan/sources';
import { sameBytes } from '@motte/test-helpers/bytes';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeStart, mappingsOf, sgxPlace } from '@motte/loader/helper/start';
import {
  BACKEND,
  GRANT,
  GRANT_FLAGS,
  IMAGE_PART,
  MAPPING,
  START,
  START_FLAGS,
} from '@motte/loader/protocol/messages';
import type { PageKind, PagePlan, PageRun } from '@motte/plan/plan';

function run(address: number, pages: number, permissions: string, kind: PageKind = 'reg'): PageRun {
  const has = (letter: string): boolean => permissions.includes(letter);
  return {
    address: BigInt(address),
    pages,
    kind,
    permissions: { read: has('r'), write: has('w'), execute: has('x') },
    measured: true,
    bytes: NO_BYTES,
    source: { file: 'test', section: 'test', offset: 0 },
  };
}

const plan = (...runs: PageRun[]): PagePlan => ({
  tee: 'sgx',
  size: 0x1000000n,
  runs: [run(0, 1, '', 'secs'), ...runs],
});

const ROWS = [
  { name: 'no run', plan: plan(), expected: [] },
  { name: 'one', plan: plan(run(0x1000, 2, 'rx')), expected: ['1000+2000 5'] },
  {
    name: 'neighbours of one permission',
    plan: plan(run(0, 1, 'rw'), run(0x1000, 3, 'rw')),
    expected: ['0+4000 3'],
  },
  {
    name: 'neighbours of two',
    plan: plan(run(0, 1, 'r'), run(0x1000, 3, 'rw')),
    expected: ['0+1000 1', '1000+3000 3'],
  },
  {
    name: 'one permission with a guard between',
    plan: plan(run(0, 1, 'rw'), run(0x2000, 1, 'rw')),
    expected: ['0+1000 3', '2000+1000 3'],
  },
  {
    name: 'a plan out of order',
    plan: plan(run(0x5000, 1, 'r'), run(0, 1, 'r')),
    expected: ['0+1000 1', '5000+1000 1'],
  },
  {
    name: 'a TCS is mapped RW',
    plan: plan(run(0, 1, 'rw'), run(0x1000, 1, '', 'tcs')),
    expected: ['0+2000 3'],
  },
] as const;

for (const row of ROWS) {
  test(`mappings: ${row.name}`, () => {
    const found = mappingsOf(row.plan, []).map(
      ({ offset, length, permissions }) => `${offset.toString(16)}+${length.toString(16)} ${permissions}`,
    );
    assert.equal(found, row.expected);
  });
}

test('mappings: a heap that grows is mapped too', () => {
  const found = mappingsOf(plan(run(0, 1, 'rx')), [{ offset: 0x200000n, length: 0x10000n }]);
  assert.equal(found.at(-1), { offset: 0x200000n, length: 0x10000n, permissions: 3 });
});

test('mappings: every page of every run, once, with its permissions, and no other page', () => {
  const piece = fc.record({
    gap: fc.nat({ max: 2 }),
    pages: fc.integer({ min: 1, max: 3 }),
    permissions: fc.constantFrom('r', 'rw', 'rx'),
  });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, backwards) => {
      const expected = new Map<bigint, number>();
      const runs: PageRun[] = [];
      let at = 0;
      for (const { gap, pages, permissions } of pieces) {
        at += gap;
        runs.push(run(at * 0x1000, pages, permissions));
        const bits = { r: 1, rw: 3, rx: 5 }[permissions];
        for (let i = 0; i < pages; i++) expected.set(BigInt(at++), bits);
      }
      const found = new Map<bigint, number>();
      let end = -1n;
      for (const { offset, length, permissions } of mappingsOf(
        plan(...(backwards ? runs.toReversed() : runs)),
        [],
      )) {
        assert.ok(offset >= end && length > 0n);
        end = offset + length;
        for (let page = offset >> 12n; page < end >> 12n; page++) found.set(page, permissions);
      }
      assert.equal([...found], [...expected]);
    }),
  );
});

test('START: counts, order and flags', () => {
  const boot = new Uint8Array([1, 2, 3, 4, 5]);
  const payload = encodeStart({
    place: sgxPlace(plan(run(0, 1, 'rx'), run(0x1000, 1, '', 'tcs')), [], 0n, true),
    boot,
    sites: [{ offset: 0x123, kind: 1 }],
    patch: true,
    strict: true,
    stdin: false,
    stdout: true,
    stderr: false,
    trace: false,
    debugger: false,
    switchless: false,
    timeLimitMs: 77,
    epcPages: 99n,
    grants: [{ readOnly: true }, { readOnly: false }],
    parts: [{ offset: 7n, length: 9n }],
    emulation: { aexPeriodUs: 5, seed: 6n, ioctlPages: 7 },
  });
  const start = START.readStrict(payload);
  assert.is(start.flags, START_FLAGS.STRICT | START_FLAGS.PATCH | START_FLAGS.STDOUT);
  assert.equal(
    [start.backend, start.size, start.mapping_count, start.tcs_count, start.site_count, start.boot_length],
    [BACKEND.EMULATED, 0x1000000n, 2, 1, 1, 5],
  );
  assert.equal(
    [
      start.time_limit_ms,
      start.epc_pages,
      start.aex_period_us,
      start.seed,
      start.ioctl_pages,
      start.lie_count,
      start.grant_count,
    ],
    [77, 99n, 5, 6n, 7, 0, 2],
  );
  let at: number = START.size;
  assert.equal(MAPPING.readStrict(payload, at).permissions, 5);
  at += MAPPING.size;
  assert.equal(MAPPING.readStrict(payload, at).offset, 0x1000n);
  at += MAPPING.size;
  assert.is(new DataView(payload.buffer, at).getBigUint64(0, true), 0x1000n);
  at += 8;
  assert.equal(SITE.read(payload, at), { offset: 0x123, kind: 1 });
  at += SITE.size;
  assert.equal(
    [0, 1].map((i) => GRANT.readStrict(payload, at + i * GRANT.size).flags),
    [GRANT_FLAGS.READ_ONLY, 0],
  );
  at += 2 * GRANT.size;
  assert.is(start.part_count, 1);
  assert.equal(IMAGE_PART.readStrict(payload, at), { offset: 7n, length: 9n });
  sameBytes(payload.subarray(at + IMAGE_PART.size), boot);
});

test.run();
