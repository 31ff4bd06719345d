// SPDX-License-Identifier: Apache-2.0
// Damage that knows nothing of the format.
import type { Random } from './random.js';

/** Longest piece that is cut out, repeated or taken over. */
const MOST_PIECE = 96;
/** Longest input that damage makes of a seed: what a megabyte shows, this shows sooner. */
const MOST_BYTES = 1 << 18;

/** What lengths, counts and offsets are when somebody means harm. */
const EXTREMES: readonly bigint[] = [
  0n,
  1n,
  2n,
  7n,
  0x7fn,
  0x80n,
  0xffn,
  0xfffn,
  0x1000n,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xfffff000n,
  0xffffffffn,
  1n << 52n,
  (1n << 53n) - 1n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
];

/**
 * A place worth damaging. Half of the time where a byte differs from the one before it, because most of an image is
 * filler; else at either end, where headers and footers are, or anywhere.
 */
function place(bytes: Uint8Array, random: Random): number {
  const { length } = bytes;
  const start = random.below(length);
  switch (random.below(8)) {
    case 0:
      return random.below(Math.min(length, 128));
    case 1:
      return length - 1 - random.below(Math.min(length, 128));
    case 2:
    case 3:
      return start;
    default: {
      let at = start;
      while (at + 1 < length && bytes[at + 1] === bytes[at]) at++;
      return Math.min(at + 1, length - 1);
    }
  }
}

function setNumber(bytes: Uint8Array, at: number, random: Random): void {
  const width = random.pick([1, 2, 4, 4, 8]);
  const from = random.below(2) === 0 ? at : at - (at % width);
  const isBig = random.below(3) === 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let value = random.pick(EXTREMES);
  // Sizes that are nearly right pass first checks.
  if (random.below(4) === 0 && from + 4 <= bytes.length)
    value = BigInt(view.getUint32(from, !isBig) + random.pick([-1, 1, 4, 8, -8]));
  for (let i = 0; i < width; i++) {
    const to = from + (isBig ? width - 1 - i : i);
    if (to < bytes.length) bytes[to] = Number(BigInt.asUintN(8, value >> BigInt(8 * i)));
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Changes of the length, or of a whole piece. */
function reshape(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const at = place(bytes, random);
  const end = Math.min(bytes.length, at + 1 + random.below(MOST_PIECE));
  switch (random.below(7)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return joined(bytes, new Uint8Array(1 + random.below(MOST_PIECE)).fill(random.pick([0, 0x20, 0xff])));
    case 2:
      return joined(bytes.subarray(0, at), bytes.subarray(end));
    case 3:
      return joined(bytes.subarray(0, end), bytes.subarray(at));
    case 4: {
      const out = bytes.slice();
      const from = random.below(bytes.length);
      out.copyWithin(at, from, from + (end - at));
      return out;
    }
    case 5:
      return joined(bytes.subarray(0, at), other.subarray(Math.min(at, other.length)));
    default: {
      const from = other.length === 0 ? 0 : place(other, random);
      return joined(bytes.subarray(0, at), other.subarray(from, from + (end - at)), bytes.subarray(at));
    }
  }
}

function damageOnce(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  if (bytes.length === 0) return other.slice(0, 1 + random.below(MOST_PIECE));
  const kind = random.below(8);
  if (kind >= 6) return reshape(bytes, other, random).slice(0, MOST_BYTES);
  const at = place(bytes, random);
  if (kind >= 3) setNumber(bytes, at, random);
  else if (kind === 2) bytes[at] = random.below(256);
  else bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
}

/** `seed` with one to four pieces of damage; `other` is a second input to take pieces of. A new array. */
export function damaged(seed: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes = new Uint8Array(seed);
  const times = random.pick([1, 1, 1, 2, 2, 3, 4]);
  for (let i = 0; i < times; i++) bytes = new Uint8Array(damageOnce(bytes, other, random));
  return bytes;
}
