// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import type { ByteSource } from '@motte/binary/source';
import type { Hasher } from '../hash.js';

/** How much of a file is in memory at a time. */
const CHUNK_BYTES = 16 * PAGE_SIZE;

/** Feeds `hasher` the whole of `source`, then zeros up to `length` bytes in all. */
export function hashPadded(hasher: Hasher, source: ByteSource, length: number): void {
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, length));
  for (let at = 0; at < length; at += buffer.length) {
    const part = buffer.subarray(0, Math.min(buffer.length, length - at));
    const have = Math.max(0, Math.min(part.length, source.size - at));
    if (have > 0) source.read(at, part.subarray(0, have));
    part.fill(0, have);
    hasher.update(part);
  }
}

/** A 64-bit number as the monitor hashes it. */
export function u64(value: bigint | number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}
