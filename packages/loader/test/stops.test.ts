// SPDX-License-Identifier: Apache-2.0
// DEBUG_WRITE, DEBUG_STOP and DEBUG_GO on Keeps that have nothing but a few instructions: what gdb's stub is made of.
import { MotteError } from '@motte/binary/error';
import { GPRSGX } from '@motte/binary/sgx/gprsgx';
import { TCS } from '@motte/binary/sgx/tcs';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { load } from '@motte/loader/load';
import { STOP_ACTION, STOP_WHY } from '@motte/loader/protocol/debug';
import { PEEK_MAX } from '@motte/loader/protocol/messages';
import { tinyImage, TINY, TINY_AT } from './support/tiny-keep.js';
import type { Emulate, Keep, Stop } from '@motte/loader/load';

const PAGE = 4096;
const INT3 = 0xcc;
/** Bytes of `pause`, TINY.SPIN's first instruction; `jmp` back to it is the other. */
const PAUSE_BYTES = 2;
/** Where the CPU puts RIP at the first AEX. */
const SAVED_RIP = BigInt(TINY_AT.SSA + PAGE - GPRSGX.size + GPRSGX.offsetOf('rip'));

/** A Keep with its stops, in their order. */
class Debugged {
  readonly #stops: Stop[] = [];
  #heard: () => void = () => undefined;
  keep!: Keep;

  static async start(entry: number, emulate: Emulate = true): Promise<Debugged> {
    const one = new Debugged();
    one.keep = await load(tinyImage(entry, true), {
      emulate,
      stdio: 'ignore',
      limits: { timeMs: 60_000 },
      // The tiny Keeps do not clear what a host can find at EEXIT.
      emulation: { trust: true },
      stopped: (stop) => {
        one.#stops.push(stop);
        one.#heard();
      },
    });
    return one;
  }

  go(action: number): void {
    this.keep.debugGo(Uint8Array.of(action));
  }

  /** The next stop that was not asked for yet; an end in its place fails. */
  async next(): Promise<Stop> {
    const heard = new Promise<void>((resolve) => (this.#heard = resolve));
    if (this.#stops.length === 0)
      await Promise.race([
        heard,
        this.keep.exited.then((end) => {
          throw new Error(`ended in place of a stop: ${JSON.stringify(end)}`);
        }),
      ]);
    return this.#stops.shift() as Stop;
  }

  /** Whether it was told of a stop that nobody has taken. */
  get hasStop(): boolean {
    return this.#stops.length > 0;
  }

  /** Stops the thread within the Keep: it may not have been there yet. */
  async stopInside(): Promise<Stop> {
    for (;;) {
      this.keep.debugStop();
      const stop = await this.next();
      if ((await this.cssa()) > 0) return stop;
      this.go(STOP_ACTION.GO);
    }
  }

  async cssa(): Promise<number> {
    return TCS.read(await this.keep.debugRead(BigInt(TINY_AT.TCS), PAGE)).cssa;
  }

  /** Of the thread that stands, from the base on. */
  async rip(): Promise<bigint> {
    const bytes = await this.keep.debugRead(SAVED_RIP, 8);
    return Buffer.from(bytes).readBigUInt64LE() - this.keep.base;
  }

  async setRip(offset: number): Promise<void> {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(this.keep.base + BigInt(offset));
    assert.is(await this.keep.debugWrite(SAVED_RIP, bytes), 8);
  }

  async byte(offset: number): Promise<number> {
    return (await this.keep.debugRead(BigInt(offset), 1))[0] ?? -1;
  }
}

async function ended(keep: Keep): Promise<string> {
  const { ended: how, status, cause } = await keep.exited;
  return `${how} ${status}${cause === undefined ? '' : ` ${cause}`}`;
}

for (const emulate of [true, 'strict'] as const) {
  test(`DEBUG_GO: before it no thread enters (${emulate})`, async () => {
    const one = await Debugged.start(TINY.EXIT_42, emulate);
    const first = await Promise.race([one.keep.exited, sleep(200, 'none yet')]);
    assert.is(first, 'none yet');
    assert.is((await one.keep.stats()).entries, 0);
    one.go(STOP_ACTION.GO);
    assert.is(await ended(one.keep), 'exited 42');
  });

  test(`DEBUG_STOP: a thread that computes stands where it is until DEBUG_GO (${emulate})`, async () => {
    const one = await Debugged.start(TINY.SPIN, emulate);
    one.go(STOP_ACTION.GO);
    assert.equal(await one.stopInside(), { why: STOP_WHY.ASKED, thread: 0, signal: 0, threads: [0] });
    const rip = await one.rip();
    assert.ok([TINY.SPIN, TINY.SPIN + PAUSE_BYTES].includes(Number(rip)), `0x${rip.toString(16)}`);
    const { entries, aexs } = await one.keep.stats();
    // Neither another request to stop nor one to hold moves it.
    one.keep.debugStop();
    one.go(STOP_ACTION.HOLD);
    one.keep.debugStop();
    assert.is((await one.next()).why, STOP_WHY.ASKED);
    const after = await one.keep.stats();
    assert.equal({ entries: after.entries, aexs: after.aexs }, { entries, aexs });
    assert.is(await one.rip(), rip);
    assert.is(one.hasStop, false, 'who stands already is not stopped again');
    one.keep.abort();
    assert.is(await ended(one.keep), 'killed 0 ABORTED');
  });

  test(`DEBUG_GO: a step is one instruction (${emulate})`, async () => {
    const one = await Debugged.start(TINY.SPIN, emulate);
    one.go(STOP_ACTION.GO);
    await one.stopInside();
    await one.setRip(TINY.SPIN);
    for (const expected of [TINY.SPIN + PAUSE_BYTES, TINY.SPIN, TINY.SPIN + PAUSE_BYTES]) {
      one.go(STOP_ACTION.STEP);
      const { why, thread } = await one.next();
      assert.equal([why, thread], [STOP_WHY.STEP, 0]);
      assert.is(await one.rip(), BigInt(expected));
    }
    one.keep.abort();
    await one.keep.exited;
  });

  test(`DEBUG_WRITE: INT3 stops at its own address, and what was written runs (${emulate})`, async () => {
    const one = await Debugged.start(TINY.SPIN, emulate);
    const real = await one.byte(TINY.SPIN);
    assert.is(await one.keep.debugWrite(BigInt(TINY.SPIN), Uint8Array.of(INT3)), 1);
    for (let i = 0; i < 2; i++) {
      one.go(STOP_ACTION.GO);
      assert.equal(await one.next(), { why: STOP_WHY.BREAKPOINT, thread: 0, signal: 0, threads: [0] });
      assert.is(await one.rip(), BigInt(TINY.SPIN));
    }
    await one.keep.debugWrite(BigInt(TINY.SPIN), Uint8Array.of(real));
    await one.setRip(TINY.EXIT_42);
    one.go(STOP_ACTION.GO);
    assert.is(await ended(one.keep), 'exited 42');
  });
}

test('a signal that ends the Keep stops it first, once', async () => {
  const one = await Debugged.start(TINY.SIGNAL_11);
  one.go(STOP_ACTION.GO);
  assert.equal(await one.next(), { why: STOP_WHY.SIGNAL, thread: 0, signal: 11, threads: [0] });
  one.go(STOP_ACTION.GO);
  assert.is(await ended(one.keep), 'signalled 11');
  assert.is(one.hasStop, false);
});

test('an abort ends a Keep that stands', async () => {
  const one = await Debugged.start(TINY.EXIT_42);
  one.keep.abort();
  assert.is(await ended(one.keep), 'killed 0 ABORTED');
});

/** How many of `length` bytes at `at` DEBUG_WRITE takes: up to the first page that refuses. */
const WRITES = [
  { name: 'a page', at: TINY_AT.PAGE, length: PAGE, expected: PAGE },
  { name: 'code', at: 0, length: 16, expected: 16 },
  { name: 'nothing', at: TINY_AT.PAGE, length: 0, expected: 0 },
  { name: 'the end of a page and a hole', at: TINY_AT.PAGE + PAGE - 16, length: 64, expected: 16 },
  { name: 'a hole', at: 0x1000, length: 16, expected: 0 },
  { name: 'a hole and a page', at: TINY_AT.PAGE - 16, length: 64, expected: 0 },
  { name: 'two pages and a hole', at: TINY_AT.SSA, length: 3 * PAGE, expected: 2 * PAGE },
  { name: 'a TCS', at: TINY_AT.TCS, length: 16, expected: 0 },
  { name: 'the whole Keep', at: 0, length: 0x10000, expected: PAGE },
] as const;

for (const { name, at, length, expected } of WRITES)
  test(`DEBUG_WRITE: ${name}`, async () => {
    const { keep } = await Debugged.start(TINY.EXIT_42);
    const bytes = new Uint8Array(length).fill(0xa5);
    const before = await keep.debugRead(BigInt(at), length);
    assert.is(await keep.debugWrite(BigInt(at), bytes), expected);
    const after = await keep.debugRead(BigInt(at), length);
    // A TCS can be read: it must be as it was.
    const wanted = Buffer.concat([bytes.subarray(0, expected), before.subarray(expected)]);
    assert.is(Buffer.compare(wanted, after), 0);
    await keep.close();
  });

test('DEBUG_WRITE: not into a Keep that is no debug Keep', async () => {
  const keep = await load(tinyImage(TINY.SPIN), { emulate: true, stdio: 'ignore' });
  const { bytes } = await keep.peek(0n, 16);
  assert.is(await keep.debugWrite(0n, new Uint8Array(16).fill(INT3)), 0);
  assert.equal((await keep.peek(0n, 16)).bytes, bytes);
  await keep.close();
});

/** What no loader of ours sends ends the helper, and with it the Keep. */
const MALFORMED: readonly {
  readonly name: string;
  readonly send: (keep: Keep) => Promise<unknown> | void;
}[] = [
  { name: 'DEBUG_WRITE past the end', send: (keep) => keep.debugWrite(keep.size - 8n, new Uint8Array(16)) },
  { name: 'DEBUG_WRITE beyond', send: (keep) => keep.debugWrite(keep.size + 8n, new Uint8Array(1)) },
  {
    name: 'DEBUG_WRITE at an offset that wraps',
    send: (keep) => keep.debugWrite(2n ** 64n - 8n, new Uint8Array(16)),
  },
  { name: 'DEBUG_WRITE of too much', send: (keep) => keep.debugWrite(0n, new Uint8Array(PEEK_MAX + 1)) },
  { name: 'DEBUG_GO for no TCS', send: (keep) => keep.debugGo(new Uint8Array(0)) },
  { name: 'DEBUG_GO for more TCSs', send: (keep) => keep.debugGo(new Uint8Array(2)) },
];

for (const { name, send } of MALFORMED)
  test(`malformed: ${name}`, async () => {
    const { keep } = await Debugged.start(TINY.SPIN);
    const answer = Promise.resolve(send(keep));
    assert.is(await ended(keep), 'killed 0 HELPER_DIED');
    const error = await answer.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (name.startsWith('DEBUG_WRITE')) assert.is((error as MotteError).code, 'KEEP_CLOSED');
  });

test('malformed: DEBUG_GO of a Keep that nobody debugs', async () => {
  const keep = await load(tinyImage(TINY.SPIN, true), { emulate: true, stdio: 'ignore' });
  keep.debugGo(Uint8Array.of(STOP_ACTION.GO));
  assert.is(await ended(keep), 'killed 0 HELPER_DIED');
});

test('DEBUG_STOP of a Keep that nobody debugs changes nothing', async () => {
  const keep = await load(tinyImage(TINY.SPIN, true), { emulate: true, stdio: 'ignore' });
  keep.debugStop();
  assert.ok((await keep.stats()).entries <= 1);
  keep.abort();
  assert.is(await ended(keep), 'killed 0 ABORTED');
});

test.run();
