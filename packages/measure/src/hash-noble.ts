// SPDX-License-Identifier: Apache-2.0
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { sha3_512 } from '@noble/hashes/sha3.js';
import type { NewHasher } from '@motte/plan/hasher';

function hasher(algorithm: typeof sha256 | typeof sha384 | typeof sha3_512): NewHasher {
  return () => {
    const hash = algorithm.create();
    return {
      update(bytes) {
        hash.update(bytes);
      },
      digest() {
        return hash.digest();
      },
      peek() {
        return hash.clone().digest();
      },
    };
  };
}

/** SHA-256 in plain TypeScript, wherever there is no node:crypto. */
export const newSha256: NewHasher = hasher(sha256);

/** SHA-384 in plain TypeScript. */
export const newSha384: NewHasher = hasher(sha384);

/** SHA-512 in plain TypeScript. */
export const newSha512: NewHasher = hasher(sha512);

/** SHA3-512 in plain TypeScript. */
export const newSha3With512: NewHasher = hasher(sha3_512);

/** The SHA-384 of `bytes`. */
export const sha384Once: (bytes: Uint8Array) => Uint8Array = (bytes) => sha384(bytes);
