// SPDX-License-Identifier: Apache-2.0
// The only file of this package that needs Node; `#hash` in package.json chooses it there.
import { createHash } from 'node:crypto';
import type { NewHasher } from '@motte/plan/hasher';

function hasher(algorithm: 'sha256' | 'sha384'): NewHasher {
  return () => {
    const hash = createHash(algorithm);
    return {
      update(bytes) {
        hash.update(bytes);
      },
      digest() {
        return new Uint8Array(hash.digest());
      },
    };
  };
}

/** SHA-256 by OpenSSL, which uses the CPU's SHA extensions. */
export const newSha256: NewHasher = hasher('sha256');

/** SHA-384 by OpenSSL. */
export const newSha384: NewHasher = hasher('sha384');
