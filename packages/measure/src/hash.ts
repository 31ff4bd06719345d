// SPDX-License-Identifier: Apache-2.0
import {
  newSha256 as sha256Here,
  newSha384 as sha384Here,
  newSha3With512 as sha3Here,
  newSha512 as sha512Here,
  sha384Once as sha384OnceHere,
} from '#hash';
import type { NewHasher } from '@motte/plan/hasher';

export type { Hasher, NewHasher } from '@motte/plan/hasher';

/**
 * SHA-256 as fast as the platform has it: node:crypto under Node, noble elsewhere. The choice is the
 * condition `node` of `imports` in package.json, so that a bundle for a browser contains no Node import.
 */
export const newSha256: NewHasher = sha256Here;

/** SHA-384, chosen in the same way. */
export const newSha384: NewHasher = sha384Here;

/** SHA-512. */
export const newSha512: NewHasher = sha512Here;

/** SHA3-512. */
export const newSha3With512: NewHasher = sha3Here;

/** The hash of the concatenation of `parts`. */
export function hashOf(newHasher: NewHasher, ...parts: readonly Uint8Array[]): Uint8Array {
  const hasher = newHasher();
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

/** The SHA-256 of the concatenation of `parts`. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return hashOf(newSha256, ...parts);
}

/** The SHA-384 of `bytes`, for many small inputs. */
export const sha384: (bytes: Uint8Array) => Uint8Array = sha384OnceHere;
