// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { sha256 } from '@motte/measure/hash';
import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A public key that image signatures are checked with. */
export interface PublicKey {
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly keyid: string;
  /** SPKI, PEM, in the one form that OpenSSL writes. */
  readonly pem: string;
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** The hash that a kind of key signs with; Ed25519 has its own. */
export type KeyKind = 'ed25519' | 'p256' | 'p384';

const HASH: Readonly<Record<KeyKind, string | null>> = { ed25519: null, p256: 'sha256', p384: 'sha384' };

const CURVES: Readonly<Record<string, KeyKind>> = { prime256v1: 'p256', secp384r1: 'p384' };

/** Of which kind a key is. Throws IMAGE_KEY. */
export function kindOf(key: KeyObject): KeyKind {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const kind = type === 'ed25519' ? 'ed25519' : type === 'ec' ? CURVES[details?.namedCurve ?? ''] : undefined;
  if (kind !== undefined) return kind;
  const expected = 'Ed25519, or ECDSA on P-256 or P-384';
  throw new MotteError('IMAGE_KEY', {
    field: 'key',
    expected,
    found: details?.namedCurve ?? type ?? 'no key',
  });
}

/** The key that `read` reads. Throws IMAGE_KEY. */
export function readable(read: () => KeyObject, expected: string): KeyObject {
  try {
    return read();
  } catch (cause) {
    // The cause is OpenSSL's; its text can quote no key material.
    throw new MotteError('IMAGE_KEY', { field: 'key', expected, found: 'something else', cause });
  }
}

/** PEM as node:crypto takes it. */
export function pemInput(pem: string | Uint8Array): { key: string | Buffer; format: 'pem' } {
  return { key: typeof pem === 'string' ? pem : Buffer.from(pem), format: 'pem' };
}

/** A public key of node:crypto’s as one of ours. Throws IMAGE_KEY. */
export function publicKeyOf(key: KeyObject): PublicKey {
  const hash = HASH[kindOf(key)];
  return {
    keyid: toHex(sha256(key.export({ type: 'spki', format: 'der' }))),
    pem: String(key.export({ type: 'spki', format: 'pem' })),
    verify: (message, signature) => verify(hash, message, { key, dsaEncoding: 'der' }, signature),
  };
}

/** The key in a PEM: a public or private key, or a certificate. Throws IMAGE_KEY. */
export function publicKeyFromPem(pem: string | Uint8Array): PublicKey {
  return publicKeyOf(readable(() => createPublicKey(pemInput(pem)), 'a key in PEM'));
}
