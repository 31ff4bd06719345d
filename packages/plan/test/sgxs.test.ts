// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesSource } from '@motte/binary/source';
import { MotteError } from '@motte/binary/error';
import { planSecs } from '@motte/plan/sgx/secs';
import { readSgxs } from '@motte/plan/sgx/sgxs';
import { codeOf } from '@motte/test-helpers/errors';
import { sameBytes } from '@motte/test-helpers/bytes';
import { naiveStream, randomPlan, sampleExec, sampleShim } from './samples.js';
import { sgxKeepPlan } from '@motte/plan/sgx/keep';

const RECORD = 64;
const PAGE = RECORD + 16 * 320;

/** ECREATE, a measured page at 0x1000, an unmeasured one at 0x3000, a measured TCS at 0x4000. */
function sample(): Uint8Array {
  const { shim } = sampleShim();
  const { exec } = sampleExec();
  const keep = sgxKeepPlan({
    shim,
    exec,
    execName: 'app',
    threads: 1,
    memory: 4096n,
    version: 2,
    debug: false,
  });
  const by = (section: string) => keep.runs.find(({ source }) => source.section === section);
  const [info, ssa, tcs] = [by('keep info'), by('ssa 0'), by('tcs 0')];
  if (info === undefined || ssa === undefined || tcs === undefined)
    throw new Error('the Keep has other parts');
  return naiveStream({
    ...keep,
    runs: [
      ...keep.runs.slice(0, 1),
      { ...info, address: 0x1000n },
      { ...ssa, address: 0x3000n, pages: 1 },
      { ...tcs, address: 0x4000n },
    ],
  });
}

const STREAM = sample();
const read = (bytes: Uint8Array): ReturnType<typeof readSgxs> => readSgxs(bytesSource(bytes), { file: 's' });

function edited(edit: (bytes: Uint8Array, view: DataView) => void): Uint8Array {
  const bytes = STREAM.slice();
  edit(bytes, new DataView(bytes.buffer));
  return bytes;
}

function cut(...ranges: readonly (readonly [number, number])[]): Uint8Array {
  return new Uint8Array(Buffer.concat(ranges.map(([from, to]) => STREAM.subarray(from, to))));
}

test('the stream of any plan is that plan', () => {
  fc.assert(
    fc.property(randomPlan, (plan) => {
      const stream = naiveStream(plan);
      sameBytes(naiveStream(read(stream)), stream, 'records');
    }),
    { numRuns: 100 },
  );
});

test('pages that follow each other become one run', () => {
  const { shim } = sampleShim();
  const { exec } = sampleExec();
  const keep = sgxKeepPlan({
    shim,
    exec,
    execName: 'app',
    threads: 1,
    memory: 1n << 30n,
    version: 1,
    debug: false,
  });
  const plan = read(naiveStream(keep));
  assert.is(plan.runs.length, keep.runs.length);
  assert.is(plan.runs.at(-1)?.pages, 1 << 18);
});

test('what the stream does not say may be given', () => {
  const given = planSecs(
    readSgxs(bytesSource(STREAM), { file: 's', attributes: 6n, xfrm: 7n, miscselect: 1 }),
  );
  assert.equal([given.attributes, given.xfrm, given.miscselect], [6n, 7n, 1]);
  const bare = planSecs(read(STREAM));
  assert.equal([bare.attributes, bare.xfrm, bare.miscselect], [4n, 3n, 0]);
});

test('each departure from the format is refused by its reason', () => {
  const second = RECORD + PAGE;
  const tcs = second + RECORD;
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['nothing', new Uint8Array(0), 'SGXS_RECORD'],
    ['no ECREATE', STREAM.subarray(RECORD), 'SGXS_RECORD'],
    ['ECREATE cut short', STREAM.subarray(0, 63), 'SGXS_RECORD'],
    ['a second ECREATE', cut([0, RECORD], [0, RECORD]), 'SGXS_RECORD'],
    ['EEXTEND before EADD', cut([0, RECORD], [RECORD + RECORD, RECORD + RECORD + 320]), 'SGXS_ORDER'],
    ['the last byte missing', STREAM.subarray(0, -1), 'SGXS_ORDER'],
    ['a byte more', new Uint8Array([...STREAM, 0]), 'SGXS_RECORD'],
    ['15 EEXTENDs', cut([0, second - 320], [second, STREAM.length]), 'SGXS_ORDER'],
    ['17 EEXTENDs', cut([0, second], [second - 320, STREAM.length]), 'SGXS_ORDER'],
    ['two EEXTENDs swapped', cut([0, 128], [448, 768], [128, 448], [768, STREAM.length]), 'SGXS_ORDER'],
    [
      'an EEXTEND of another page',
      edited((_, v) => v.setUint32(RECORD + RECORD + 8, 0x2000, true)),
      'SGXS_ORDER',
    ],
    ['an unknown tag', edited((b) => void (b[second] = 0x46)), 'SGXS_RECORD'],
    ['a tag with a text after its NUL', edited((b) => void (b[second + 5] = 1)), 'SGXS_RECORD'],
    ['UNMEASRD', edited((b) => b.set(new TextEncoder().encode('UNMEASRD'), second)), 'SGXS_RECORD'],
    ['an EADD within a page', edited((_, v) => v.setUint32(second + 8, 0x3010, true)), 'PLAN_INVALID'],
    ['an EADD outside', edited((_, v) => v.setUint32(second + 12, 1, true)), 'PLAN_INVALID'],
    ['a page added twice', edited((_, v) => v.setUint32(second + 8, 0x1000, true)), 'PLAN_INVALID'],
    ['a TCS with permissions', edited((_, v) => v.setUint32(tcs + 16, 0x103, true)), 'SGXS_RECORD'],
    ['W without R', edited((_, v) => v.setUint32(second + 16, 0x202, true)), 'SGXS_RECORD'],
    ['a page of type VA', edited((_, v) => v.setUint32(second + 16, 0x300, true)), 'SGXS_RECORD'],
    ['PENDING', edited((_, v) => v.setUint32(second + 16, 0x20b, true)), 'SGXS_RECORD'],
    ['flags beyond 32 bits', edited((_, v) => v.setUint32(second + 20, 1, true)), 'SGXS_RECORD'],
    ['a SIZE of no power of two', edited((_, v) => v.setUint32(12, 0x30000, true)), 'PLAN_INVALID'],
    ['a SIZE of one page', edited((_, v) => v.setUint32(12, 0x1000, true)), 'PLAN_INVALID'],
    [
      'a SIZE of 2^62',
      edited((_, v) => (v.setUint32(12, 0, true), v.setUint32(16, 1 << 30, true))),
      'PLAN_TOO_LARGE',
    ],
    ['no SSA frame', edited((_, v) => v.setUint32(8, 0, true)), 'PLAN_INVALID'],
  ];
  for (const [name, bytes, expected] of cases)
    assert.is(
      codeOf(() => read(bytes)),
      expected,
      name,
    );
  assert.is(
    codeOf(() => read(STREAM)),
    'accepted',
  );
});

test('each reserved byte of each record is refused, with its offset in the stream', () => {
  const reserved: readonly (readonly [number, number])[] = [
    [20, 64],
    [RECORD + 24, RECORD + 64],
    [RECORD + PAGE + 24, RECORD + PAGE + 64],
  ];
  for (const [from, to] of reserved) {
    for (let at = from; at < to; at++) {
      try {
        read(edited((bytes) => void (bytes[at] = 1)));
        assert.unreachable();
      } catch (error) {
        assert.ok(error instanceof MotteError);
        assert.is(error.code, 'STRUCT_RESERVED');
        assert.is(error.offset, BigInt(at), `0x${at.toString(16)}`);
      }
    }
  }
  for (let at = 2 * RECORD + 16; at < 2 * RECORD + 64; at++)
    assert.is(
      codeOf(() => read(edited((bytes) => void (bytes[at] = 1)))),
      'STRUCT_RESERVED',
    );
});

test('a flipped bit is refused, or the stream that is read is the stream that was given', () => {
  fc.assert(
    fc.property(fc.nat({ max: STREAM.length * 8 - 1 }), (bit) => {
      const bytes = edited((b) => void (b[bit >> 3] = (b[bit >> 3] ?? 0) ^ (1 << (bit & 7))));
      try {
        sameBytes(naiveStream(read(bytes)), bytes, 'records');
      } catch (error) {
        assert.ok(error instanceof MotteError, String(error));
      }
    }),
    { numRuns: 600 },
  );
});

test('bytes of any sort never end in anything but a MotteError', () => {
  const chunk = fc.oneof(
    fc.constantFrom(
      STREAM.subarray(0, 64),
      STREAM.subarray(64, 128),
      STREAM.subarray(128, 448),
      STREAM.subarray(64, 64 + PAGE),
    ),
    fc.uint8Array({ maxLength: 80 }),
  );
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 12 }), (parts) => {
      codeOf(() => read(new Uint8Array(Buffer.concat(parts))));
    }),
    { numRuns: 1500 },
  );
});

test.run();
