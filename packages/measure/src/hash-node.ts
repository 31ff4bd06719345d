// SPDX-License-Identifier: Apache-2.0
// The only file of this package that needs Node; `#sha256` in package.json chooses it there.
import { createHash } from 'node:crypto';
import type { NewHasher } from '@motte/plan/hasher';

/** SHA-256 by OpenSSL, which uses the CPU's SHA extensions. */
export const newSha256: NewHasher = () => {
  const hash = createHash('sha256');
  return {
    update(bytes) {
      hash.update(bytes);
    },
    digest() {
      return new Uint8Array(hash.digest());
    },
  };
};
