// SPDX-License-Identifier: Apache-2.0
import { hashOf, newSha256 } from '@motte/measure/hash';
import type { NewHasher } from '@motte/measure/hash';

/**
 * HMAC of the concatenation of `parts`, with a hash that takes in blocks of `blockBytes`. RFC 2104. The caller
 * owns the result.
 */
export function hmac(
  newHasher: NewHasher,
  blockBytes: number,
  key: Uint8Array,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  const block = new Uint8Array(blockBytes);
  block.set(key.length > blockBytes ? hashOf(newHasher, key) : key);
  const inner = hashOf(
    newHasher,
    block.map((byte) => byte ^ 0x36),
    ...parts,
  );
  return hashOf(
    newHasher,
    block.map((byte) => byte ^ 0x5c),
    inner,
  );
}

/** HMAC-SHA-256 of the concatenation of `parts`. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return hmac(newSha256, 64, key, ...parts);
}

/** Whether two MACs are the same, in a time that does not tell where they differ. */
export function isSameMac(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (const [i, byte] of a.entries()) difference |= byte ^ (b[i] ?? 0);
  return difference === 0;
}
