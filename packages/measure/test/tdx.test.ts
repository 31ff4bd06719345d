// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { bytesSource, readBytes } from '@motte/binary/source';
import { newSha384 as nobleSha384 } from '@motte/measure/hash-noble';
import { TDX_PROFILES } from '@motte/measure/profiles/tdx';
import { readTdReport, TD_REPORT } from '@motte/measure/td-report';
import { measureTdx, mrtdOf, tdxOperations } from '@motte/measure/tdx';
import { readCcelLog } from '@motte/measure/tdx-event-log';
import { payloadParamDigest, replayRtmrs } from '@motte/measure/tdx-rtmr';
import type { Step } from '@motte/measure/transcript';
import type { TdxPlan, TdxRun } from '@motte/plan/tdx/plan';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';
import { halves } from './halves.js';

const randomPlan: fc.Arbitrary<TdxPlan> = fc
  .array(
    fc.record({
      gpa: fc.bigInt({ min: 0n, max: 1n << 39n }),
      pages: fc.integer({ min: 1, max: 3 }),
      added: fc.boolean(),
      extended: fc.boolean(),
      content: fc.uint8Array({ maxLength: 9000 }),
    }),
    { maxLength: 5 },
  )
  .map((parts) => ({
    tee: 'tdx',
    runs: parts.map(({ gpa, pages, added, extended, content }): TdxRun => ({
      gpa: gpa * 4096n,
      pages,
      added,
      extended,
      bytes: bytesSource(content.subarray(0, pages * 4096)),
      source: { file: 'f', section: 's', offset: 0 },
    })),
  }));

function operation(name: string, gpa: bigint): Buffer {
  const out = Buffer.alloc(128);
  out.write(name, 'ascii');
  out.writeBigUInt64LE(gpa, 16);
  return out;
}

/** MRTD as the module hashes it, section by section, in either order. */
function naive(plan: TdxPlan, twoPass: boolean): string {
  const parts: Uint8Array[] = [];
  for (const { gpa, pages, added, extended, bytes } of plan.runs) {
    const all = Buffer.alloc(pages * 4096);
    all.set(readBytes(bytes, 0, bytes.size));
    const numbers = Array.from({ length: pages }, (_, i) => i * 4096);
    const adds = numbers.map((at) => (added ? [operation('MEM.PAGE.ADD', gpa + BigInt(at))] : []));
    const extends_ = numbers.map((page) =>
      extended
        ? Array.from({ length: 16 }, (_, i) => page + i * 256).flatMap((at) => [
            operation('MR.EXTEND', gpa + BigInt(at)),
            all.subarray(at, at + 256),
          ])
        : [],
    );
    if (twoPass) parts.push(...adds.flat(), ...extends_.flat());
    else numbers.forEach((_, i) => parts.push(...(adds[i] ?? []), ...(extends_[i] ?? [])));
  }
  return createHash('sha384').update(Buffer.concat(parts)).digest('hex');
}

test('MRTD is that of the operations one by one, in the order of the VMM', () => {
  fc.assert(
    fc.property(randomPlan, (plan) => {
      assert.is(toHex(measureTdx(plan, TDX_PROFILES.page)), naive(plan, false));
      assert.is(toHex(measureTdx(plan, TDX_PROFILES['two-pass'])), naive(plan, true));
      const all = {
        ...plan,
        runs: plan.runs.map((run) => ({ ...run, extended: run.extended || run.added })),
      };
      assert.is(toHex(measureTdx(plan, TDX_PROFILES['gce-old'])), naive(all, false));
    }),
    { numRuns: 60 },
  );
  fc.assert(
    fc.property(randomPlan, (plan) => {
      assert.is(toHex(measureTdx(plan, TDX_PROFILES.page, { sha384: nobleSha384 })), naive(plan, false));
    }),
    { numRuns: 5 },
  );
  assert.is(toHex(mrtdOf([])), createHash('sha384').digest('hex'));
});

test('how pages are grouped into sections is measured where all pages of one are added first, and only there', () => {
  let changed = 0;
  fc.assert(
    fc.property(randomPlan, fc.nat(), (plan, at) => {
      const split = { ...plan, runs: plan.runs.flatMap((run) => halves(run, at)) };
      assert.is(toHex(measureTdx(split, TDX_PROFILES.page)), toHex(measureTdx(plan, TDX_PROFILES.page)));
      const [one, two] = [plan, split].map((each) => toHex(measureTdx(each, TDX_PROFILES['two-pass'])));
      if (one !== two) changed++;
    }),
    { numRuns: 60 },
  );
  assert.ok(changed > 0);
});

test('a transcript names each operation with the digest as it would be if it were the last', () => {
  fc.assert(
    fc.property(randomPlan, (plan) => {
      const steps: Step[] = [];
      const found = measureTdx(plan, TDX_PROFILES.page, { onStep: (step) => void steps.push(step) });
      const operations = [...tdxOperations(plan, TDX_PROFILES.page)].map((one) =>
        one.op === 'add' ? one : { ...one, chunk: one.chunk.slice() },
      );
      assert.equal(
        steps.map(({ step }) => step),
        operations.map(
          ({ op, gpa }) => `${op === 'add' ? 'MEM.PAGE.ADD' : 'MR.EXTEND'} 0x${gpa.toString(16)}`,
        ),
      );
      if (steps.length > 0) assert.equal(steps.at(-1)?.digest, found);
    }),
    { numRuns: 20 },
  );
  const one = { op: 'add', gpa: 0x1000n } as const;
  const digests: string[] = [];
  mrtdOf([one, one], { onStep: ({ digest }) => void digests.push(toHex(digest)) });
  assert.equal(digests, [toHex(mrtdOf([one])), toHex(mrtdOf([one, one]))]);
});

test('memory that nobody adds or measures at launch is not gone through', () => {
  const run: TdxRun = {
    gpa: 0n,
    pages: 2 ** 40,
    added: false,
    extended: false,
    bytes: bytesSource(new Uint8Array(0)),
    source: { file: 'f', section: 's', offset: 0 },
  };
  assert.is(toHex(measureTdx({ tee: 'tdx', runs: [run] }, TDX_PROFILES['gce-old'])), toHex(mrtdOf([])));
});

test('registers are replayed from zeros, each by itself', () => {
  const digest = fc.uint8Array({ minLength: 48, maxLength: 48 });
  fc.assert(
    fc.property(fc.array(fc.record({ rtmr: fc.integer({ min: 0, max: 3 }), digest })), (events) => {
      const expected = [0, 1, 2, 3].map((number) =>
        events
          .filter(({ rtmr }) => rtmr === number)
          .reduce(
            (before, event) => createHash('sha384').update(before).update(event.digest).digest(),
            Buffer.alloc(48),
          )
          .toString('hex'),
      );
      assert.equal(replayRtmrs(events).map(toHex), expected);
    }),
  );
  const good = new Uint8Array(48);
  for (const event of [
    { rtmr: 4, digest: good },
    { rtmr: -1, digest: good },
    { rtmr: 0, digest: good.subarray(1) },
  ])
    assert.is(
      codeAndField(() => replayRtmrs([event])),
      'EVENT_LOG event',
    );
});

function u16(value: number): Buffer {
  const out = Buffer.alloc(2);
  out.writeUInt16LE(value);
  return out;
}

function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

const SPEC = [
  Buffer.from('Spec ID Event03\0'),
  Buffer.alloc(8),
  u32(1),
  u16(0x0c),
  u16(48),
  Buffer.from([0]),
];

/** A log with SHA-384 alone. */
function log(
  events: readonly (readonly Buffer[])[],
  spec: readonly Buffer[] = SPEC,
  tail: Buffer = Buffer.alloc(32, 0xff),
): Uint8Array {
  const first = Buffer.concat(spec);
  const head = [u32(0), u32(3), Buffer.alloc(20), u32(first.length), first];
  return new Uint8Array(Buffer.concat([...head, ...events.flat(), tail]));
}

function logged(index: number, type: number, fill: number, data = 'x'): Buffer[] {
  return [
    u32(index),
    u32(type),
    u32(1),
    u16(0x0c),
    Buffer.alloc(48, fill),
    u32(data.length),
    Buffer.from(data),
  ];
}

test('an event log is read to its end', () => {
  const bytes = log([logged(1, 0x80000001, 1), logged(0, 3, 2), logged(4, 0x0d, 3, 'data')]);
  const { events, usedBytes } = readCcelLog(bytes);
  assert.equal(
    events.map(({ rtmr, type, digest, data }) => [rtmr, type, digest[0], data.length]),
    [
      [0, 0x80000001, 1, 1],
      [3, 0x0d, 3, 4],
    ],
  );
  assert.is(usedBytes, bytes.length - 32);
  assert.is(readCcelLog(log([], SPEC, Buffer.alloc(0))).events.length, 0);
  assert.is(readCcelLog(log([logged(1, 1, 1)], SPEC, Buffer.alloc(100))).events.length, 1);
});

test('each departure of a log is refused by its field', () => {
  const replace = (index: number, part: Buffer): Buffer[] =>
    logged(1, 1, 1).map((old, i) => (i === index ? part : old));
  const spec = (index: number, part: Buffer): Buffer[] => SPEC.map((old, i) => (i === index ? part : old));
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['nothing', new Uint8Array(0), 'EVENT_LOG first event: index'],
    ['another first event', log([]).map((byte, i) => (i === 4 ? 1 : byte)), 'EVENT_LOG first event: type'],
    [
      'another signature',
      log([], spec(0, Buffer.from('Spec ID Event02\0'))),
      'EVENT_LOG first event: signature',
    ],
    ['no algorithm', log([], spec(2, u32(0))), 'EVENT_LOG number of algorithms'],
    ['algorithms without end', log([], spec(2, u32(0xffffffff))), 'EVENT_LOG number of algorithms'],
    ['no SHA-384', log([], spec(3, u16(0x0b))), 'EVENT_LOG algorithms'],
    ['SHA-384 of 32 bytes', log([], spec(4, u16(32))), 'EVENT_LOG algorithms'],
    ['vendor information past the end', log([], spec(5, Buffer.from([9]))), 'EVENT_LOG vendor information'],
    ['bytes after the first event', log([], spec(5, Buffer.from([0, 0]))), 'EVENT_LOG first event'],
    ['MRTD extended', log([logged(0, 1, 1)]), 'EVENT_LOG index'],
    ['a fifth register', log([logged(5, 1, 1)]), 'EVENT_LOG index'],
    ['two digests of one algorithm', log([replace(2, u32(2))]), 'EVENT_LOG number of digests'],
    ['no digest', log([[u32(1), u32(1), u32(0), u32(0)]]), 'EVENT_LOG digest'],
    ['another algorithm', log([replace(3, u16(4))]), 'EVENT_LOG algorithm'],
    ['an event past the end', log([replace(5, u32(0xfffffff0))]), 'EVENT_LOG event'],
    [
      'a log that breaks off',
      log([logged(1, 1, 1).slice(0, 5)], SPEC, Buffer.alloc(0)),
      'EVENT_LOG event size',
    ],
  ];
  for (const [name, bytes, expected] of cases)
    assert.is(
      codeAndField(() => readCcelLog(bytes)),
      expected,
      name,
    );
});

test('logs of any sort never end in anything but a MotteError', () => {
  const good = log([logged(1, 1, 1), logged(2, 3, 4, 'some data')]);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { maxLength: 4 }),
      fc.nat(),
      (edits, cut) => {
        const bytes = good.slice();
        for (const [at, value] of edits) bytes[at] = value;
        codeOf(() => readCcelLog(cut % 2 === 0 ? bytes : bytes.subarray(0, cut % good.length)));
      },
    ),
    { numRuns: 2000 },
  );
});

test('a command line is measured with its padding', () => {
  assert.is(toHex(payloadParamDigest('ab', 4)), createHash('sha384').update('ab\0\0').digest('hex'));
  assert.is(
    codeOf(() => payloadParamDigest('abcde', 4)),
    'EVENT_LOG',
  );
});

test('the TD report of a quote is found by its version', () => {
  const body = Uint8Array.from({ length: TD_REPORT.size }, (_, i) => i & 0xff);
  const four = new Uint8Array([4, 0, ...new Uint8Array(46), ...body]);
  const five = new Uint8Array([5, 0, ...new Uint8Array(46), 2, 0, 0, 0, 0, 0, ...body]);
  assert.equal(readTdReport(four), readTdReport(five));
  assert.is(readTdReport(four).mrtd[0], 0x88);
  assert.is(
    codeOf(() => readTdReport(four.subarray(0, 600))),
    'STRUCT_TRUNCATED',
  );
  assert.is(
    codeOf(() => readTdReport(new Uint8Array([3, 0, ...body]))),
    'EVENT_LOG',
  );
});

test.run();
