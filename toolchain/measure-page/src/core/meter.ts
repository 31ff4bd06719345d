// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';
import type { NewHasher } from '@motte/plan/hasher';

/** How far a step is. `total` is an estimate. */
export interface Progress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

/** What a step's work is counted in. */
export type Unit = 'read' | 'hashed';

/** How often a step tells, at most: a message to the page costs more than the hash of a page. */
const TELLS = 200;

/** Counts the bytes that a measurement reads or hashes, and tells now and then. */
export class Meter {
  readonly #tell: (progress: Progress) => void;
  #step = '';
  #unit: Unit = 'read';
  #total = 1;
  #done = 0;
  #next = 0;

  constructor(tell: (progress: Progress) => void) {
    this.#tell = tell;
  }

  /** The next step begins, of about `total` bytes. */
  begin(step: string, unit: Unit, total: number): void {
    this.#step = step;
    this.#unit = unit;
    this.#total = Math.max(1, total);
    this.#done = 0;
    this.#next = 0;
    this.#count(unit, 0);
  }

  /** `source`, its reads counted. */
  source(source: ByteSource): ByteSource {
    return {
      size: source.size,
      read: (offset, into) => {
        source.read(offset, into);
        this.#count('read', into.length);
      },
    };
  }

  /** `start`, its updates counted. */
  hasher(start: NewHasher): NewHasher {
    return () => {
      const hasher = start();
      return {
        update: (bytes) => {
          hasher.update(bytes);
          this.#count('hashed', bytes.length);
        },
        digest: () => hasher.digest(),
        peek: () => hasher.peek(),
      };
    };
  }

  #count(unit: Unit, bytes: number): void {
    if (unit !== this.#unit) return;
    this.#done += bytes;
    if (this.#done < this.#next) return;
    this.#next = this.#done + this.#total / TELLS;
    this.#tell({ step: this.#step, done: Math.min(this.#done, this.#total), total: this.#total });
  }
}
