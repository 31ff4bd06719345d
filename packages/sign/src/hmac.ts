// SPDX-License-Identifier: Apache-2.0
import { sha256 } from '@motte/measure/hash';

const BLOCK_BYTES = 64;

/** HMAC-SHA-256 of the concatenation of `parts`. RFC 2104. The caller owns the result. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(key.length > BLOCK_BYTES ? sha256(key) : key);
  const inner = sha256(
    block.map((byte) => byte ^ 0x36),
    ...parts,
  );
  return sha256(
    block.map((byte) => byte ^ 0x5c),
    inner,
  );
}
