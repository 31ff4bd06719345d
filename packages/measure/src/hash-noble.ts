// SPDX-License-Identifier: Apache-2.0
import { sha256 } from '@noble/hashes/sha2.js';
import type { NewHasher } from '@motte/plan/hasher';

/** SHA-256 in plain TypeScript, wherever there is no node:crypto. */
export const newSha256: NewHasher = () => {
  const hash = sha256.create();
  return {
    update(bytes) {
      hash.update(bytes);
    },
    digest() {
      return hash.digest();
    },
  };
};
