// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { sha256 } from '@motte/measure/hash';
import { p256, p384 } from '@noble/curves/nist.js';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Who signs an image: a PEM file, an HSM, a service. */
export interface ImageSigner {
  readonly key: PublicKey;
  /** Ed25519: 64 bytes; ECDSA with the hash of its curve's size: DER. */
  sign(message: Uint8Array): Uint8Array;
}

/** A public key that image signatures are checked with. */
export interface PublicKey {
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly keyid: string;
  /** SPKI, PEM, in the one form that OpenSSL writes. */
  readonly pem: string;
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** The hash that a kind of key signs with; Ed25519 has its own. */
type Kind = 'ed25519' | 'p256' | 'p384';

const HASH: Readonly<Record<Kind, string | null>> = { ed25519: null, p256: 'sha256', p384: 'sha384' };

const CURVES: Readonly<Record<string, Kind>> = { prime256v1: 'p256', secp384r1: 'p384' };

function kindOf(key: KeyObject): Kind {
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

function readable(read: () => KeyObject, expected: string): KeyObject {
  try {
    return read();
  } catch (cause) {
    // The cause is OpenSSL's; its text can quote no key material.
    throw new MotteError('IMAGE_KEY', { field: 'key', expected, found: 'something else', cause });
  }
}

const input = (pem: string | Uint8Array): { key: string | Buffer; format: 'pem' } => ({
  key: typeof pem === 'string' ? pem : Buffer.from(pem),
  format: 'pem',
});

function publicKeyOf(key: KeyObject): PublicKey {
  const hash = HASH[kindOf(key)];
  return {
    keyid: toHex(sha256(key.export({ type: 'spki', format: 'der' }))),
    pem: String(key.export({ type: 'spki', format: 'pem' })),
    verify: (message, signature) => verify(hash, message, { key, dsaEncoding: 'der' }, signature),
  };
}

/** The key in a PEM: a public or private key, or a certificate. Throws IMAGE_KEY. */
export function publicKeyFromPem(pem: string | Uint8Array): PublicKey {
  return publicKeyOf(readable(() => createPublicKey(input(pem)), 'a key in PEM'));
}

/** ECDSA with the nonce of RFC 6979, so that signing again gives the same image; OpenSSL would draw one. */
function signEcdsa(kind: 'p256' | 'p384', key: KeyObject, message: Uint8Array): Uint8Array {
  const { d = '' } = key.export({ format: 'jwk' });
  const curve = kind === 'p256' ? p256 : p384;
  return curve.sign(message, new Uint8Array(Buffer.from(d, 'base64url')), {
    prehash: true,
    lowS: false,
    format: 'der',
  });
}

/** A signer for a private key in PEM. Throws IMAGE_KEY. */
export function imageSignerFromPem(pem: string | Uint8Array): ImageSigner {
  const secret = readable(() => createPrivateKey(input(pem)), 'a private key in PEM');
  const kind = kindOf(secret);
  return {
    key: publicKeyOf(createPublicKey(secret)),
    sign: (message) =>
      kind === 'ed25519' ? new Uint8Array(sign(null, message, secret)) : signEcdsa(kind, secret, message),
  };
}

/** A signer that has one signature, made elsewhere; of another message it is none. */
export function imageSignerOf(key: PublicKey, signature: Uint8Array): ImageSigner {
  return {
    key,
    sign(message) {
      if (key.verify(message, signature)) return signature;
      throw new MotteError('IMAGE_SIGNATURE', {
        field: `signature by ${key.keyid}`,
        expected: 'one of what the image’s --message-out holds, by the key that was given',
        found: 'another',
      });
    },
  };
}
