// SPDX-License-Identifier: Apache-2.0
// The only file of this package that needs Node; `#hash` in package.json chooses it there.
import crypto from 'node:crypto';
import type { NewHasher } from '@motte/plan/hasher';

function hasher(algorithm: 'sha256' | 'sha384' | 'sha512' | 'sha3-512'): NewHasher {
  return () => {
    const hash = crypto.createHash(algorithm);
    return {
      update(bytes) {
        hash.update(bytes);
      },
      digest() {
        return new Uint8Array(hash.digest());
      },
      peek() {
        return new Uint8Array(hash.copy().digest());
      },
    };
  };
}

function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** SHA-256 by OpenSSL, which uses the CPU's SHA extensions. */
export const newSha256: NewHasher = hasher('sha256');

/** SHA-384 by OpenSSL. */
export const newSha384: NewHasher = hasher('sha384');

/** SHA-512 by OpenSSL. */
export const newSha512: NewHasher = hasher('sha512');

/** SHA3-512 by OpenSSL. */
export const newSha3With512: NewHasher = hasher('sha3-512');

/**
 * The SHA-384 of `bytes` in one step. The digest comes as a text, a byte a character, because a buffer for each would
 * take 0.3 us more, which is half of what hashing a PAGE_INFO takes. Node has `crypto.hash` since 20.12.
 */
export const sha384Once: (bytes: Uint8Array) => Uint8Array =
  typeof crypto.hash === 'function'
    ? (bytes) => latin1Bytes(crypto.hash('sha384', bytes, 'binary'))
    : (bytes) => crypto.createHash('sha384').update(bytes).digest();
