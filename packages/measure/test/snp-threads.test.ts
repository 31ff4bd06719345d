// SPDX-License-Identifier: Apache-2.0
// Hashing by several threads gives what one gives, whatever becomes of the others.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { sha384 } from '@motte/measure/hash';
import { measureSnp } from '@motte/measure/snp';
import { Ring, RING_SLOTS, RING_WINDOW_PAGES, RING_WORDS, ringMemory } from '@motte/measure/snp-ring-node';
import { measureSnpByThreads } from '@motte/measure/snp-threads-node';
import type { SnpPlan, SnpRun } from '@motte/plan/snp/plan';
import { NO_BYTES } from '@motte/plan/sources';
import { sameBytes } from '@motte/test-helpers/bytes';
import { codeOf } from '@motte/test-helpers/errors';
import { tempFolder } from '@motte/test-helpers/temp';

const WORKER = new URL('../src/snp-worker-node.js', import.meta.url);

/** Pages that all differ, but for one in five, which is zero. */
function contents(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 512) if ((at >> 12) % 5 !== 3) bytes[at] = seed + at / 512;
  for (let at = 0; at + 4 <= size; at += 4096)
    if ((at >> 12) % 5 !== 3) new DataView(bytes.buffer).setUint32(at, at + seed);
  return bytes;
}

function run(gpa: bigint, pages: number, bytes: ByteSource): SnpRun {
  return {
    gpa,
    pages,
    type: 'normal',
    bytes,
    source: { file: 'f', section: 'normal', offset: 0 },
  };
}

/** More windows than the ring has slots, runs that end within a page, and runs without contents between them. */
const large: SnpPlan = {
  tee: 'snp',
  runs: [
    run(0n, 3, bytesSource(contents(4097, 1))),
    { ...run(0x8000n, 1, NO_BYTES), type: 'secrets' },
    run(0x10_0000n, 3000, bytesSource(contents(2 * RING_SLOTS * RING_WINDOW_PAGES * 4096 + 5, 2))),
    run(0x4000_0000n, 2, NO_BYTES),
    run(0x5000_0000n, 1, bytesSource(contents(4096, 3))),
  ],
};

test('a plan of 8 MiB by no, one and four threads more', () => {
  const expected = measureSnp(large);
  for (const workers of [0, 1, 4]) sameBytes(measureSnpByThreads(large, { from: 0, workers }), expected);
});

test('any plan, step by step', () => {
  const plans = fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 9000 })), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(plans, (parts) => {
      const runs = parts.map(([pages, size], i) =>
        run(BigInt(i) << 32n, pages, bytesSource(contents(Math.min(size, pages * 4096), i))),
      );
      const steps = { threads: [] as unknown[], one: [] as unknown[] };
      const plan: SnpPlan = { tee: 'snp', runs };
      const found = measureSnpByThreads(plan, {
        from: 0,
        workers: 1,
        onStep: (step) => void steps.threads.push(step),
      });
      sameBytes(found, measureSnp(plan, { onStep: (step) => void steps.one.push(step) }));
      assert.equal(steps.threads, steps.one);
    }),
    { numRuns: 10 },
  );
});

test('the thread hashes what nobody else does', async () => {
  const memory = ringMemory();
  const ring = new Ring(memory);
  const thread = new Worker(WORKER, { workerData: memory });
  const ended = once(thread, 'exit');
  const pages = RING_WINDOW_PAGES - 1;
  const bytes = contents(pages * 4096, 7);
  for (const number of [0, 1]) {
    ring.fill(number, (into) => {
      into.set(bytes);
      return pages;
    });
  }
  const words = new Int32Array(memory.words);
  for (const number of [0, 1])
    assert.is.not(Atomics.wait(words, RING_WORDS.done + number, 0, 60_000), 'timed-out', `window ${number}`);
  const digests = ring.digests(1, 0);
  assert.ok(digests);
  for (let page = 0; page < pages; page++)
    sameBytes(
      digests.subarray(page * 48, page * 48 + 48),
      sha384(bytes.subarray(page * 4096, (page + 1) * 4096)),
    );
  ring.close();
  assert.equal(await ended, [0]);
});

test('a thread that is missing costs time alone', () => {
  const worker = new URL('./no-such-worker.js', import.meta.url);
  sameBytes(measureSnpByThreads(large, { from: 0, workers: 1, worker }), measureSnp(large));
});

test('a thread that dies with a window in its hands costs time alone', () => {
  const claimed = join(tempFolder('motte-snp-threads'), 'claimed');
  process.env['MOTTE_TEST_CLAIMED'] = claimed;
  const bytes = bytesSource(contents(8 << 20, 4));
  let begun = 0;
  const source: ByteSource = {
    size: bytes.size,
    read(offset, into) {
      if (offset === 0) begun++;
      // The second window is not there before the first has been claimed.
      else while (!existsSync(claimed)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      bytes.read(offset, into);
    },
  };
  const plan = (from: ByteSource): SnpPlan => ({ tee: 'snp', runs: [run(0n, 2048, from)] });
  const worker = new URL('./dying-worker.js', import.meta.url);
  const found = measureSnpByThreads(plan(source), { from: 0, workers: 1, worker, patienceMs: 20 });
  sameBytes(found, measureSnp(plan(bytes)));
  assert.is(begun, 2, 'the window that was lost is read again');
});

test('what reading throws, and what the plan is refused for, is thrown', () => {
  const broken: ByteSource = {
    size: 1 << 20,
    read(offset) {
      if (offset >= 1 << 19) bytesSource(new Uint8Array()).read(offset, new Uint8Array(1));
    },
  };
  for (const { gpa, code } of [
    { gpa: 0n, code: 'STRUCT_TRUNCATED' },
    { gpa: 1n, code: 'SNP_INPUT' },
  ]) {
    const plan: SnpPlan = { tee: 'snp', runs: [run(gpa, 256, broken)] };
    assert.is(
      codeOf(() => measureSnpByThreads(plan, { from: 0, workers: 2 })),
      code,
    );
  }
});

test.run();
