// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import type { ByteSource } from '@motte/binary/source';
import { newSha256, sha256 } from '@motte/measure/hash';

/** Bytes that are read at once. */
const WINDOW = 1 << 18;

/** SHA-256 of a whole source, in hex. */
export function sourceDigest(source: ByteSource): string {
  const hash = newSha256();
  const window = new Uint8Array(WINDOW);
  for (let at = 0; at < source.size; at += WINDOW) {
    const part = window.subarray(0, Math.min(WINDOW, source.size - at));
    source.read(at, part);
    hash.update(part);
  }
  return toHex(hash.digest());
}

/** SHA-256 of bytes in memory, in hex. */
export function bytesDigest(bytes: Uint8Array): string {
  return toHex(sha256(bytes));
}
