// SPDX-License-Identifier: Apache-2.0
import { newSha256 as sha256Here, newSha384 as sha384Here } from '#hash';
import type { NewHasher } from '@motte/plan/hasher';

export type { Hasher, NewHasher } from '@motte/plan/hasher';

/**
 * SHA-256 as fast as the platform has it: node:crypto under Node, noble elsewhere. The choice is the
 * condition `node` of `imports` in package.json, so that a bundle for a browser contains no Node import.
 */
export const newSha256: NewHasher = sha256Here;

/** SHA-384, chosen in the same way. */
export const newSha384: NewHasher = sha384Here;

/** The SHA-256 of the concatenation of `parts`. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hasher = newSha256();
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}
