// SPDX-License-Identifier: Apache-2.0
import { sha256, sha384 } from '@noble/hashes/sha2.js';
import type { NewHasher } from '@motte/plan/hasher';

function hasher(algorithm: typeof sha256 | typeof sha384): NewHasher {
  return () => {
    const hash = algorithm.create();
    return {
      update(bytes) {
        hash.update(bytes);
      },
      digest() {
        return hash.digest();
      },
    };
  };
}

/** SHA-256 in plain TypeScript, wherever there is no node:crypto. */
export const newSha256: NewHasher = hasher(sha256);

/** SHA-384 in plain TypeScript. */
export const newSha384: NewHasher = hasher(sha384);
