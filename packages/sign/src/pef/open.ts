// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { readDigests } from '@motte/measure/pef/digests';
import type { PefDigests } from '@motte/measure/pef/digests';
import type { EsmBlob } from './blob.js';
import type { Aead, Opener } from './crypto.js';
import type { Sealed } from './sealed.js';

/** Bytes of a blob's key. */
export const KEY_BYTES = 32;

/** Whether two fingerprints are the same; they are public. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/**
 * The key of a blob, out of the lockbox with the opener's fingerprint. The caller owns it. Throws
 * ESM_NO_LOCKBOX or ESM_LOCKBOX.
 */
export function openLockbox({ lockboxes }: EsmBlob, opener: Opener): Uint8Array {
  const lockbox = lockboxes.find(({ fingerprint }) => isSame(fingerprint, opener.fingerprint));
  if (lockbox === undefined) {
    const found = lockboxes.map(({ fingerprint }) => toHex(fingerprint)).join(', ');
    throw new MotteError('ESM_NO_LOCKBOX', {
      field: 'lockboxes',
      expected: toHex(opener.fingerprint),
      found,
    });
  }
  const key = opener.decrypt(lockbox.encryptedKey);
  const field = `/lockboxes/${lockbox.name}/encrypted-symkey`;
  if (key === undefined)
    throw new MotteError('ESM_LOCKBOX', { field, expected: 'RSA-OAEP with SHA-256', found: 'other padding' });
  if (key.length !== KEY_BYTES)
    throw new MotteError('ESM_LOCKBOX', { field, expected: `${KEY_BYTES} bytes`, found: key.length });
  return key;
}

/** What is sealed. The caller owns it. Throws ESM_SEAL. */
export function unseal(sealed: Sealed, key: Uint8Array, aead: Aead): Uint8Array {
  const plain = aead.open(key, sealed.iv, sealed.ciphertext, sealed.mac);
  if (plain === undefined) throw new MotteError('ESM_SEAL', { field: sealed.name });
  return plain;
}

/** A blob that was opened. */
export interface OpenedBlob {
  readonly digests?: PefDigests;
  readonly files: readonly { readonly name: string; readonly content: Uint8Array }[];
}

/**
 * Opens a blob: all that it seals, verified. Throws ESM_NO_LOCKBOX, ESM_LOCKBOX, ESM_SEAL, or what
 * `readDigests` throws.
 */
export function openEsmBlob(blob: EsmBlob, opener: Opener, aead: Aead): OpenedBlob {
  const key = openLockbox(blob, opener);
  const files = blob.files.map((file) => ({ name: file.name, content: unseal(file, key, aead) }));
  if (blob.digests === undefined) return { files };
  return { digests: readDigests(unseal(blob.digests, key, aead)), files };
}
