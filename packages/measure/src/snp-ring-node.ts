// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import { sha384 } from './hash.js';
import { pageHasher, SHA384_BYTES } from './snp-contents.js';

/** Pages of a window: enough that waking a thread (50 us) is little beside hashing them (300 us). */
export const RING_WINDOW_PAGES = 64;
/** Windows between what is read and what the chain has taken in: each thread has some to do while another waits. */
export const RING_SLOTS = 16;
const WINDOW = RING_WINDOW_PAGES * PAGE_SIZE;

/** Words that all threads see, by their index; after them, for each slot, how many pages it has and what is done. */
export const RING_WORDS: Readonly<Record<'filled' | 'claimed' | 'counts' | 'done', number>> = {
  filled: 0,
  claimed: 1,
  counts: 2,
  done: 2 + RING_SLOTS,
};
/** In `filled`: there is nothing more to do. */
const CLOSED = -1;

/** The memory that the threads of one measurement share. */
export interface RingMemory {
  readonly words: SharedArrayBuffer;
  readonly pages: SharedArrayBuffer;
  readonly digests: SharedArrayBuffer;
}

/** Fresh memory for a measurement: 4 MiB whatever the plan. */
export function ringMemory(): RingMemory {
  return {
    words: new SharedArrayBuffer((2 + 2 * RING_SLOTS) * Int32Array.BYTES_PER_ELEMENT),
    pages: new SharedArrayBuffer(RING_SLOTS * WINDOW),
    digests: new SharedArrayBuffer(RING_SLOTS * RING_WINDOW_PAGES * SHA384_BYTES),
  };
}

/**
 * A ring of windows of pages. One thread fills them in order and takes their digests in order; in between any thread
 * claims the next window that nobody has, and hashes it. A window's number is never used again, its slot is.
 */
export class Ring {
  readonly #words: Int32Array;
  readonly #pages: Uint8Array;
  readonly #digests: Uint8Array;
  readonly #hash: (page: number) => Uint8Array;

  constructor({ words, pages, digests }: RingMemory) {
    this.#words = new Int32Array(words);
    this.#pages = new Uint8Array(pages);
    this.#digests = new Uint8Array(digests);
    this.#hash = pageHasher(pages, sha384);
  }

  /** Has `read` fill window `number` with pages, which it says the count of, and gives it to whoever comes first. */
  fill(number: number, read: (into: Uint8Array) => number): void {
    const slot = number % RING_SLOTS;
    this.#words[RING_WORDS.counts + slot] = read(this.#pages.subarray(slot * WINDOW, (slot + 1) * WINDOW));
    Atomics.store(this.#words, RING_WORDS.filled, number + 1);
    Atomics.notify(this.#words, RING_WORDS.filled);
  }

  /** Hashes the next window that nobody has claimed. False when there is none. */
  hashNext(): boolean {
    const words = this.#words;
    let number = Atomics.load(words, RING_WORDS.claimed);
    for (;;) {
      if (number >= Atomics.load(words, RING_WORDS.filled)) return false;
      const found = Atomics.compareExchange(words, RING_WORDS.claimed, number, number + 1);
      if (found === number) break;
      number = found;
    }
    const slot = number % RING_SLOTS;
    const first = slot * RING_WINDOW_PAGES;
    const count = words[RING_WORDS.counts + slot] ?? 0;
    for (let page = first; page < first + count; page++)
      this.#digests.set(this.#hash(page), page * SHA384_BYTES);
    Atomics.store(words, RING_WORDS.done + slot, number + 1);
    Atomics.notify(words, RING_WORDS.done + slot);
    return true;
  }

  /** Hashes what others fill, until the ring is closed. */
  serve(): void {
    for (;;) {
      const filled = Atomics.load(this.#words, RING_WORDS.filled);
      if (filled === CLOSED) return;
      if (!this.hashNext()) Atomics.wait(this.#words, RING_WORDS.filled, filled);
    }
  }

  /** The digests of window `number`, valid until its slot is filled again; undefined when they take longer. */
  digests(number: number, patienceMs: number): Uint8Array | undefined {
    const slot = number % RING_SLOTS;
    for (;;) {
      const done = Atomics.load(this.#words, RING_WORDS.done + slot);
      if (done === number + 1) break;
      if (this.hashNext()) continue;
      if (Atomics.wait(this.#words, RING_WORDS.done + slot, done, patienceMs) === 'timed-out')
        return undefined;
    }
    const size = RING_WINDOW_PAGES * SHA384_BYTES;
    return this.#digests.subarray(slot * size, (slot + 1) * size);
  }

  /** Sends the threads that serve home. */
  close(): void {
    Atomics.store(this.#words, RING_WORDS.filled, CLOSED);
    Atomics.notify(this.#words, RING_WORDS.filled);
  }
}
