// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesSource, readBytes } from '@motte/binary/source';
import type { PagePlan, PageRun } from '@motte/plan/plan';
import { checkSgxPlan, MAX_RUNS } from '@motte/plan/sgx/check';
import { rawSgxPlan } from '@motte/plan/sgx/raw';
import { parseSecinfoFlags, secinfoFlags } from '@motte/plan/sgx/secinfo-flags';
import { secsRun } from '@motte/plan/sgx/secs';
import { fillSource, leadSource, NO_BYTES, patchedSource, trimmedSource } from '@motte/plan/sources';
import { subRun } from '@motte/plan/sub-run';
import { walkPlan } from '@motte/plan/walk';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';
import { sameBytes } from '@motte/test-helpers/bytes';
import { randomPlan } from './samples.js';

const RUN: PageRun = {
  address: 0x1000n,
  pages: 2,
  kind: 'reg',
  permissions: { read: true, write: true, execute: false },
  measured: true,
  bytes: NO_BYTES,
  source: { file: 'keep', section: 'x', offset: 0 },
};

function plan(change: Partial<PageRun> = {}, size = 0x10000n): PagePlan {
  return { tee: 'sgx', size, runs: [secsRun({ size, ssaFrameSize: 1 }), { ...RUN, ...change }] };
}

test('what ECREATE and EADD refuse is refused', () => {
  const secs = secsRun({ size: 0x10000n, ssaFrameSize: 1 });
  const none = { read: false, write: false, execute: false };
  const cases: readonly (readonly [string, PagePlan, string])[] = [
    ['no run', { ...plan(), runs: [] }, 'PLAN_INVALID runs'],
    ['no SECS', { ...plan(), runs: [RUN] }, 'PLAN_INVALID kind'],
    ['a SECS of two pages', { ...plan(), runs: [{ ...secs, pages: 2 }] }, 'PLAN_INVALID kind'],
    ['a second SECS', { ...plan(), runs: [secs, secs] }, 'PLAN_INVALID runs[1].kind'],
    ['another size', { ...plan(), size: 0x20000n }, 'PLAN_INVALID runs[0].size'],
    ['no power of two', plan({}, 0x18000n), 'PLAN_INVALID runs[0].size'],
    ['one page', plan({ address: 0n, pages: 1 }, 0x1000n), 'PLAN_INVALID runs[0].size'],
    ['no pages', plan({ pages: 0 }), 'PLAN_INVALID runs[1].pages'],
    ['a fraction', plan({ pages: 0.5 }), 'PLAN_INVALID runs[1].pages'],
    ['within a page', plan({ address: 0x1800n }), 'PLAN_INVALID runs[1].address'],
    ['below zero', plan({ address: -0x1000n }), 'PLAN_INVALID runs[1].address'],
    ['past the end', plan({ address: 0xf000n }), 'PLAN_INVALID runs[1].address'],
    [
      'more bytes than pages',
      plan({ bytes: bytesSource(new Uint8Array(8193)) }),
      'PLAN_INVALID runs[1].bytes',
    ],
    ['W alone', plan({ permissions: { ...none, write: true } }), 'PLAN_INVALID runs[1].permissions'],
    ['a TCS with R', plan({ kind: 'tcs' }), 'PLAN_INVALID runs[1].permissions'],
    ['twice', { ...plan(), runs: [secs, RUN, { ...RUN, address: 0x2000n }] }, 'PLAN_INVALID runs[2].address'],
    ['too many', { ...plan(), runs: Array.from({ length: MAX_RUNS + 1 }, () => RUN) }, 'PLAN_TOO_LARGE runs'],
    ['too much', plan({ pages: 2 ** 29 }, 1n << 46n), 'PLAN_TOO_LARGE pages'],
  ];
  for (const [name, bad, expected] of cases)
    assert.is(
      codeAndField(() => checkSgxPlan(bad)),
      expected,
      name,
    );
  for (const good of [plan(), plan({ kind: 'tcs', permissions: none }), plan({ address: 0xe000n })])
    assert.is(checkSgxPlan(good), good);
  // Out of order is right: the launch order is not the order of addresses.
  const upside = { ...plan(), runs: [secs, { ...RUN, address: 0x8000n }, RUN] };
  assert.is(checkSgxPlan(upside), upside);
});

test('SECINFO flags and kinds are the same in both directions', () => {
  for (let flags = 0; flags < 0x1000; flags++) {
    const known = parseSecinfoFlags(BigInt(flags));
    const legal = flags === 0x100 || (flags >= 0x200 && flags <= 0x207 && (flags & 3) !== 2);
    assert.is(known !== undefined, legal, `0x${flags.toString(16)}`);
    if (known !== undefined) assert.is(secinfoFlags({ ...RUN, ...known }), flags);
  }
});

test('a raw image of no whole pages is refused', () => {
  for (const size of [0, 4096, 8191, 12289])
    assert.is(
      codeOf(() => rawSgxPlan(bytesSource(new Uint8Array(size)), { file: 'x' })),
      'PLAN_INVALID',
    );
  assert.is(rawSgxPlan(bytesSource(new Uint8Array(0x5000)), { file: 'x' }).size, 0x8000n);
});

test('sources give the same bytes however they are read', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(bytes, fc.nat({ max: 40 }), bytes, fc.nat(), fc.nat(), (base, lead, patch, a, b) => {
      const at = a % base.length;
      const own = patch.subarray(0, base.length - at);
      const patched = base.slice();
      patched.set(own, at);
      const long = patch.length * 3 + 1;
      const all: readonly (readonly [ReturnType<typeof bytesSource>, Uint8Array])[] = [
        [leadSource(lead, bytesSource(base)), new Uint8Array([...new Uint8Array(lead), ...base])],
        [patchedSource(bytesSource(base), [{ at, bytes: own }]), patched],
        [fillSource(patch, long), new Uint8Array([...patch, ...patch, ...patch, patch[0] ?? 0])],
      ];
      for (const [source, expected] of all) {
        assert.is(source.size, expected.length);
        const from = b % expected.length;
        const length = (a % (expected.length - from)) + 1;
        sameBytes(readBytes(source, from, length), expected.subarray(from, from + length));
      }
      const trimmed = trimmedSource(new Uint8Array([...base, 0, 0, 0]));
      assert.ok(trimmed.size <= base.length);
      sameBytes(
        new Uint8Array([
          ...readBytes(trimmed, 0, trimmed.size),
          ...new Uint8Array(base.length - trimmed.size),
        ]),
        base,
      );
    }),
  );
});

test('a walk sees every page once, in order, whatever the window', () => {
  fc.assert(
    fc.property(randomPlan, fc.integer({ min: 1, max: 20 }), (random, window) => {
      let expected = -1;
      let next = 0;
      const check = (run: PageRun, first: number, count: number): void => {
        assert.is(run, random.runs[expected]);
        assert.is(first, next);
        next += count;
      };
      walkPlan(
        random,
        {
          begin(run, index) {
            if (expected >= 0) assert.is(next, random.runs[expected]?.pages);
            assert.is(index, expected + 1);
            assert.is(run, random.runs[index]);
            expected = index;
            next = 0;
            return true;
          },
          content(run, first, bytes) {
            const want = new Uint8Array(bytes.length);
            const have = Math.min(bytes.length, run.bytes.size - first * 4096);
            want.set(readBytes(run.bytes, first * 4096, have));
            sameBytes(bytes, want);
            check(run, first, bytes.length / 4096);
          },
          zeros(run, first, count) {
            assert.ok(first * 4096 >= run.bytes.size);
            check(run, first, count);
          },
        },
        new Uint8Array(window * 4096),
      );
      assert.is(next, random.runs.at(-1)?.pages);
    }),
    { numRuns: 60 },
  );
});

test('the parts of a run are the run', () => {
  fc.assert(
    fc.property(randomPlan, fc.nat(), (random, at) => {
      for (const run of random.runs.slice(1)) {
        const cut = at % run.pages;
        const parts = [subRun(run, 0, cut), subRun(run, cut, run.pages - cut)].filter(
          ({ pages }) => pages > 0,
        );
        const joined = parts.flatMap((part) => {
          const bytes = new Uint8Array(part.pages * 4096);
          bytes.set(readBytes(part.bytes, 0, part.bytes.size));
          return [...bytes];
        });
        const whole = new Uint8Array(run.pages * 4096);
        whole.set(readBytes(run.bytes, 0, run.bytes.size));
        sameBytes(new Uint8Array(joined), whole);
        assert.is(parts.at(-1)?.address, run.address + BigInt((parts.length === 1 ? 0 : cut) * 4096));
      }
    }),
    { numRuns: 30 },
  );
});

test.run();
