// SPDX-License-Identifier: Apache-2.0
// Apart from the keys: whoever only verifies needs no elliptic curves but OpenSSL's.
import { MotteError } from '@motte/binary/error';
import { p256, p384 } from '@noble/curves/nist.js';
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { kindOf, pemInput, publicKeyOf, readable } from './keys.js';
import type { PublicKey } from './keys.js';

/** Who signs an image: a PEM file, an HSM, a service. */
export interface ImageSigner {
  readonly key: PublicKey;
  /** Ed25519: 64 bytes; ECDSA with the hash of its curve's size: DER. */
  sign(message: Uint8Array): Uint8Array;
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
  const secret = readable(() => createPrivateKey(pemInput(pem)), 'a private key in PEM');
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
        expected: 'one of the message that was given out for this image, by this key',
        found: 'another',
      });
    },
  };
}
