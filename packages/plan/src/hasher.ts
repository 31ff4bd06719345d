// SPDX-License-Identifier: Apache-2.0

/** A hash being computed. Implementations are in `@motte/measure`; the pure packages only see this. */
export interface Hasher {
  /** Takes in `bytes`, which stay the caller's and may change as soon as this returns. */
  update(bytes: Uint8Array): void;
  /** The digest, which the caller owns; the hasher cannot be used afterwards. */
  digest(): Uint8Array;
  /** The digest of what has been taken in so far, which the caller owns; the hasher goes on. */
  peek(): Uint8Array;
}

/** Starts a hash: each call gives a fresh one. */
export type NewHasher = () => Hasher;
