// SPDX-License-Identifier: Apache-2.0
import type { Target } from './target.js';

const INT3 = 0xcc;

/** INT3s in a program's code, and what it has in their place. Whoever reads its memory sees what it has. */
export class Breakpoints {
  readonly #target: Target;
  readonly #originals = new Map<bigint, number>();

  constructor(target: Target) {
    this.#target = target;
  }

  has(address: bigint): boolean {
    return this.#originals.has(address);
  }

  /** False where no byte can be written. */
  async set(address: bigint): Promise<boolean> {
    if (this.has(address)) return true;
    const [original] = await this.#target.read(address, 1);
    if (original === undefined || (await this.#target.write(address, Uint8Array.of(INT3))) !== 1)
      return false;
    this.#originals.set(address, original);
    return true;
  }

  /** False where there is none. A page that has gone has taken its breakpoints along. */
  async clear(address: bigint): Promise<boolean> {
    const original = this.#originals.get(address);
    if (original === undefined) return false;
    await this.#target.write(address, Uint8Array.of(original));
    return this.#originals.delete(address);
  }

  async clearAll(): Promise<void> {
    for (const address of this.#originals.keys()) await this.clear(address);
  }

  async read(address: bigint, length: number): Promise<Uint8Array> {
    const bytes = (await this.#target.read(address, length)).slice();
    for (const [at, original] of this.#originals) {
      const i = at - address;
      if (i >= 0n && i < BigInt(bytes.length)) bytes[Number(i)] = original;
    }
    return bytes;
  }

  /** All of them or none of use: false where not all could be written. */
  async write(address: bigint, bytes: Uint8Array): Promise<boolean> {
    const put = bytes.slice();
    for (const at of this.#originals.keys()) {
      const i = at - address;
      if (i >= 0n && i < BigInt(bytes.length)) put[Number(i)] = INT3;
    }
    if ((await this.#target.write(address, put)) !== bytes.length) return false;
    for (const at of this.#originals.keys()) {
      const byte = bytes[Number(at - address)];
      if (at >= address && byte !== undefined) this.#originals.set(at, byte);
    }
    return true;
  }
}
