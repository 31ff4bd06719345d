// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { measureSgx, measureSgxSteps, writeSgxs } from '@motte/measure/sgx';
import { newSha256 as nobleSha256 } from '@motte/measure/hash-noble';
import { newSha256 as nodeSha256 } from '@motte/measure/hash-node';
import type { PagePlan, PageRun } from '@motte/plan/plan';
import { readSgxs } from '@motte/plan/sgx/sgxs';
import { secsRun } from '@motte/plan/sgx/secs';
import { NO_BYTES } from '@motte/plan/sources';
import { subRun } from '@motte/plan/sub-run';
import { codeOf } from '@motte/test-helpers/errors';
import { sameBytes } from '@motte/test-helpers/bytes';
import { naiveMrenclave } from './naive.js';

const READ_WRITE = { read: true, write: true, execute: false };

const randomRun = fc.record({
  gap: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1 << 22 })),
  pages: fc.integer({ min: 1, max: 40 }),
  tcs: fc.boolean(),
  flags: fc.constantFrom(1, 3, 4, 5, 7),
  measured: fc.boolean(),
  seed: fc.nat(),
  length: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 * 4096 })),
});

/** Plans whose addresses pass 4 GiB, with runs longer and shorter than the window. */
const randomPlan: fc.Arbitrary<PagePlan> = fc
  .record({ frames: fc.integer({ min: 1, max: 0xffffffff }), parts: fc.array(randomRun, { maxLength: 7 }) })
  .map(({ frames, parts }) => {
    const size = 1n << 44n;
    let next = 0n;
    const runs = parts.map((part): PageRun => {
      const address = next + BigInt(part.gap) * 4096n;
      next = address + BigInt(part.pages) * 4096n;
      const bits = part.tcs ? 0 : part.flags;
      const length = Math.min(part.length, part.pages * 4096);
      const content = Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) + part.seed) & 0xff);
      return {
        address,
        pages: part.pages,
        kind: part.tcs ? 'tcs' : 'reg',
        permissions: { read: (bits & 1) !== 0, write: (bits & 2) !== 0, execute: (bits & 4) !== 0 },
        measured: part.measured,
        bytes: length === 0 ? NO_BYTES : bytesSource(content),
        source: { file: 'f', section: 's', offset: 0 },
      };
    });
    return { tee: 'sgx', size, runs: [secsRun({ size, ssaFrameSize: frames }), ...runs] };
  });

function streamOf(plan: PagePlan): Uint8Array {
  const parts: Uint8Array[] = [];
  writeSgxs(plan, (bytes) => parts.push(bytes.slice()));
  return new Uint8Array(Buffer.concat(parts));
}

test('MRENCLAVE is that of the records one by one, by either hash', () => {
  fc.assert(
    fc.property(randomPlan, (plan) => {
      const expected = toHex(naiveMrenclave(plan));
      assert.is(toHex(measureSgx(plan)), expected);
      assert.is(toHex(measureSgx(plan, { sha256: nodeSha256 })), expected);
    }),
    { numRuns: 60 },
  );
  fc.assert(
    fc.property(randomPlan, (plan) => {
      sameBytes(measureSgx(plan, { sha256: nobleSha256 }), naiveMrenclave(plan));
    }),
    { numRuns: 5 },
  );
});

test('how pages are grouped into runs is not measured, and an unmeasured page is its EADD alone', () => {
  fc.assert(
    fc.property(randomPlan, fc.nat(), (plan, at) => {
      const split = plan.runs.flatMap((run) => {
        const first = run.kind === 'secs' ? 0 : at % run.pages;
        return first === 0 ? [run] : [subRun(run, 0, first), subRun(run, first, run.pages - first)];
      });
      assert.is(toHex(measureSgx({ ...plan, runs: split })), toHex(measureSgx(plan)));
      const none = plan.runs.map((run) => (run.kind === 'secs' ? run : { ...run, measured: false }));
      const stream = streamOf({ ...plan, runs: none });
      const pages = plan.runs.reduce((sum, { kind, pages: count }) => sum + (kind === 'secs' ? 0 : count), 0);
      assert.is(stream.length, 64 * (1 + pages));
    }),
    { numRuns: 60 },
  );
});

test('a run that takes several steps is measured as one', () => {
  const content = Uint8Array.from({ length: 4099 * 4096 + 5 }, (_, i) => (i * 31 + (i >> 12)) & 0xff);
  const run = (address: bigint, pages: number, measured: boolean): PageRun => ({
    address,
    pages,
    kind: 'reg',
    permissions: READ_WRITE,
    measured,
    bytes: measured ? bytesSource(content) : NO_BYTES,
    source: { file: 'f', section: 's', offset: 0, lead: 5 },
  });
  const size = 1n << 32n;
  const runs = [secsRun({ size, ssaFrameSize: 1 }), run(0n, 4200, true), run(1n << 31n, 8193, false)];
  const plan: PagePlan = { tee: 'sgx', size, runs };
  const steps = measureSgxSteps(plan);
  let count = 0;
  let last = steps.next();
  for (; last.done !== true; last = steps.next()) count++;
  assert.is(count, 1 + 2 + 3);
  sameBytes(last.value, naiveMrenclave(plan));
});

test('the stream is what is hashed, and reads as the plan', () => {
  fc.assert(
    fc.property(randomPlan, (plan) => {
      const seen: Uint8Array[] = [];
      const digest = measureSgx(plan, { stream: (bytes) => void seen.push(bytes.slice()) });
      const stream = streamOf(plan);
      sameBytes(new Uint8Array(Buffer.concat(seen)), stream);
      assert.is(toHex(digest), createHash('sha256').update(stream).digest('hex'));
      const again = readSgxs(bytesSource(stream), { file: 's' });
      sameBytes(measureSgx(again), digest);
      sameBytes(streamOf(again), stream);
    }),
    { numRuns: 30 },
  );
});

/** The names of a stream's records, read one by one, and the SHA-256 of all up to each. */
function naiveSteps(stream: Buffer): [string, string][] {
  const out: [string, string][] = [];
  for (let at = 0; at < stream.length;) {
    const tag = stream.toString('latin1', at, at + 8).replace(/\0+$/u, '');
    const offset = stream.readBigUInt64LE(at + 8).toString(16);
    const flags = stream.readUInt32LE(at + 16);
    const access = ['r', 'w', 'x'].map((letter, bit) => ((flags >> bit) & 1 ? letter : '-')).join('');
    const kind = flags >> 8 === 1 ? 'tcs' : 'reg';
    const name = {
      ECREATE: `ECREATE size 0x${stream.readBigUInt64LE(at + 12).toString(16)} ssaframesize ${stream.readUInt32LE(at + 8)}`,
      EADD: `EADD 0x${offset} ${kind} ${access}`,
      EEXTEND: `EEXTEND 0x${offset}`,
    }[tag];
    at += tag === 'EEXTEND' ? 320 : 64;
    out.push([name ?? tag, createHash('sha256').update(stream.subarray(0, at)).digest('hex')]);
  }
  return out;
}

test('a transcript names each record with the digest as it would be if it were the last', () => {
  const smallPlan = randomPlan.map((plan) => ({
    ...plan,
    runs: plan.runs.slice(0, 4).map((run): PageRun => {
      const pages = Math.min(run.pages, 6);
      return { ...run, pages, bytes: run.bytes.size > pages * 4096 ? NO_BYTES : run.bytes };
    }),
  }));
  fc.assert(
    fc.property(smallPlan, (plan) => {
      const steps: [string, string][] = [];
      const seen: Uint8Array[] = [];
      const digest = measureSgx(plan, {
        onStep: ({ step, digest: now }) => void steps.push([step, toHex(now)]),
        stream: (bytes) => void seen.push(bytes.slice()),
      });
      const stream = Buffer.from(streamOf(plan));
      assert.equal(steps, naiveSteps(stream));
      sameBytes(new Uint8Array(Buffer.concat(seen)), new Uint8Array(stream));
      sameBytes(digest, measureSgx(plan));
    }),
    { numRuns: 15 },
  );
});

function single(run: Partial<PageRun>): PagePlan {
  const size = 1n << 40n;
  return {
    tee: 'sgx',
    size,
    runs: [
      secsRun({ size, ssaFrameSize: 1 }),
      {
        address: 0n,
        pages: 1,
        kind: 'reg',
        permissions: READ_WRITE,
        measured: true,
        bytes: NO_BYTES,
        source: { file: 'keep', section: 'x', offset: 0 },
        ...run,
      },
    ],
  };
}

test('each thing that MRENCLAVE covers changes it, and nothing else does', () => {
  const content = Uint8Array.from({ length: 4096 }, (_, i) => i & 0xff);
  const digest = (run: Partial<PageRun>): string =>
    toHex(measureSgx(single({ bytes: bytesSource(content), ...run })));
  const base = digest({});
  const flipped = content.map((byte, i) => (i === 4095 ? byte ^ 1 : byte));
  const others = [
    digest({ address: 4096n }),
    digest({ pages: 2 }),
    digest({ permissions: { read: true, write: false, execute: false } }),
    digest({ kind: 'tcs', permissions: { read: false, write: false, execute: false } }),
    digest({ measured: false }),
    digest({ bytes: bytesSource(flipped) }),
    digest({ bytes: NO_BYTES }),
  ];
  assert.is(new Set([base, ...others]).size, others.length + 1);
  assert.is(digest({ source: { file: 'other', section: 'y', offset: 9 } }), base);
  assert.is(digest({ measured: false, bytes: bytesSource(flipped) }), digest({ measured: false }));
  const [secs, ...runs] = single({ bytes: bytesSource(content) }).runs;
  assert.ok(secs !== undefined);
  const size = 1n << 40n;
  const withSecs = (first: PageRun): string =>
    toHex(measureSgx({ tee: 'sgx', size, runs: [first, ...runs] }));
  assert.is(withSecs(secsRun({ size, ssaFrameSize: 1, attributes: 6n, xfrm: 7n, miscselect: 1 })), base);
  assert.is.not(withSecs(secsRun({ size, ssaFrameSize: 2 })), base);
});

test('unmeasured contents are not even read', () => {
  const bytes = {
    size: 4096,
    read: (): void => {
      throw new Error('read');
    },
  };
  measureSgx(single({ measured: false, bytes }));
  assert.throws(() => measureSgx(single({ bytes })), 'read');
});

test('32 GiB of unmeasured pages need no memory, and 64 MiB of measured zeros neither', () => {
  measureSgx(single({ measured: false, pages: 1024 }));
  const before = process.memoryUsage();
  const large = toHex(measureSgx(single({ measured: false, pages: 2 ** 23 })));
  measureSgx(single({ pages: 2 ** 14 }));
  const after = process.memoryUsage();
  assert.is(large.length, 64);
  const grown = after.heapUsed + after.external - before.heapUsed - before.external;
  assert.ok(grown < 32 << 20, `grew by ${grown} bytes`);
});

test('what no CPU would launch has no digest', () => {
  const [secs, run] = single({}).runs;
  assert.ok(secs !== undefined && run !== undefined);
  const cases: readonly PageRun[][] = [
    [],
    [run],
    [secs, secs],
    [secs, run, run],
    [secs, { ...run, address: 1n }],
  ];
  for (const runs of cases) {
    const plan: PagePlan = { tee: 'sgx', size: 1n << 40n, runs };
    assert.is(
      codeOf(() => measureSgx(plan)),
      'PLAN_INVALID',
    );
    assert.is(
      codeOf(() => writeSgxs(plan, () => assert.unreachable())),
      'PLAN_INVALID',
    );
  }
});

test.run();
