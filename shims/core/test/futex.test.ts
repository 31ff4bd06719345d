// SPDX-License-Identifier: Apache-2.0
// Futex queues beside a plain model: exactly as many are woken as were asked for, the oldest first, and none is lost
// between a wake and a timeout or signal that come together (SECURITY.md, rule 16).
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeProgram } from './support/native.js';

const TASKS = 8;
const ADDRESSES = [0x1000, 0x1004, 0x2000] as const;
const ETIMEDOUT = -110;
const EINTR = -4;

type Step =
  | { readonly kind: 'wait'; readonly task: number; readonly address: number; readonly bits: number }
  | { readonly kind: 'wake'; readonly address: number; readonly most: number; readonly bits: number }
  | {
      readonly kind: 'requeue';
      readonly from: number;
      readonly to: number;
      readonly most: number;
      readonly moved: number;
    }
  | { readonly kind: 'back'; readonly task: number; readonly result: number };

const task = fc.integer({ min: 0, max: TASKS - 1 });
const address = fc.constantFrom(...ADDRESSES);
const bits = fc.constantFrom(0xffffffff, 1, 2, 3, 0x80000000);
const count = fc.constantFrom(0, 1, 1, 2, 3, 0x7fffffff);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), task, address, bits }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wake' as const), address, most: count, bits }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('requeue' as const),
      from: address,
      to: address,
      most: count,
      moved: count,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('back' as const),
      task,
      result: fc.constantFrom(0, 0, ETIMEDOUT, EINTR),
    }),
  },
);

/** Who waits for what, oldest first; who was woken and has not gone on yet; everybody else is awake. */
class Model {
  queue: { task: number; address: number; bits: number }[] = [];
  readonly woken = new Set<number>();

  /** The lines for the driver and its answer; nothing for a step that cannot be now. */
  step(one: Step): readonly [string, string] | undefined {
    switch (one.kind) {
      case 'wait':
        if (this.sleeps(one.task)) return undefined;
        this.queue.push({ task: one.task, address: one.address, bits: one.bits });
        return [`wait ${one.task} ${one.address} ${one.bits}`, 'asleep'];
      case 'wake': {
        const woken = this.wake(one.address, one.most, one.bits);
        return [`wake ${one.address} ${one.most} ${one.bits}`, [...woken, woken.length].join(' ')];
      }
      case 'requeue': {
        const woken = this.wake(one.from, one.most, 0xffffffff);
        const moved = this.queue.filter((w) => w.address === one.from).slice(0, one.moved);
        this.queue = this.queue.filter((w) => !moved.includes(w));
        this.queue.push(...moved.map((w) => ({ ...w, address: one.to })));
        return [
          `requeue ${one.from} ${one.to} ${one.most} ${one.moved}`,
          [...woken, woken.length + moved.length].join(' '),
        ];
      }
      case 'back': {
        if (!this.sleeps(one.task)) return undefined;
        const line = `back ${one.task} ${one.result}`;
        if (this.woken.delete(one.task)) return [line, '0']; // the wake counts, whatever came with it
        if (one.result === 0) return [line, 'asleep']; // the host woke it for nothing
        this.queue = this.queue.filter((w) => w.task !== one.task);
        return [line, String(one.result)];
      }
    }
  }

  private sleeps(of: number): boolean {
    return this.woken.has(of) || this.queue.some((w) => w.task === of);
  }

  private wake(at: number, most: number, mask: number): number[] {
    const woken = this.queue.filter((w) => w.address === at && (w.bits & mask) !== 0).slice(0, most);
    this.queue = this.queue.filter((w) => !woken.includes(w));
    for (const w of woken) this.woken.add(w.task);
    return woken.map((w) => w.task);
  }
}

const driver = nativeProgram('futex_queue', ['test/c/futex_queue.c', 'futex.c']);

test('5,000 steps a run are what the model says', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 2000, maxLength: 5000 }), (steps) => {
      const model = new Model();
      const lines = steps.map((one) => model.step(one)).filter((line) => line !== undefined);
      const ran = driver([], Buffer.from(lines.map(([line]) => `${line}\n`).join('')));
      assert.is(ran.stderr, '');
      assert.equal(
        ran.stdout.toString().trimEnd().split('\n'),
        lines.map(([, answer]) => answer),
      );
    }),
    { numRuns: 20 },
  );
});

test('a wake, a timeout and a signal at once lose nothing', () => {
  const said = driver(
    [],
    Buffer.from(
      'wait 0 4096 1\nwait 1 4096 1\nwait 2 4096 1\nwake 4096 1 1\nback 0 -110\nback 1 -4\nwake 4096 9 1\nback 2 -4\nwake 4096 9 1\n',
    ),
  );
  assert.is(said.stdout.toString(), 'asleep\nasleep\nasleep\n0 1\n0\n-4\n2 1\n0\n0\n');
});

test.run();
