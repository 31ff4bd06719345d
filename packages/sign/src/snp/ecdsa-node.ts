// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { MotteError } from '@motte/binary/error';
import { p384 } from '@noble/curves/nist.js';
import { newEcPair } from '../key-pair-node.js';
import type { PemPair } from '../key-pair-node.js';

import type { P384Pair, SnpSigner } from './id-block.js';
import type { VerifyP384 } from './verify.js';

function coordinates(key: KeyObject): { point: P384Pair; secret: Uint8Array } {
  const { kty, crv, x = '', y = '', d = '' } = key.export({ format: 'jwk' });
  if (kty !== 'EC' || crv !== 'P-384')
    throw new MotteError('SIGN_KEY', { field: 'key', expected: 'a key on P-384', found: String(crv ?? kty) });
  const point = new Uint8Array([...Buffer.from(x, 'base64url'), ...Buffer.from(y, 'base64url')]);
  return { point, secret: new Uint8Array(Buffer.from(d, 'base64url')) };
}

function readable(read: () => KeyObject, expected: string): KeyObject {
  try {
    return read();
  } catch (cause) {
    throw new MotteError('SIGN_KEY', { field: 'key', expected, found: 'something else', cause });
  }
}

function input(pem: string | Uint8Array): { key: string | Buffer; format: 'pem' } {
  return { key: typeof pem === 'string' ? pem : Buffer.from(pem), format: 'pem' };
}

/**
 * A signer for a private key in PEM. Nonces are those of RFC 6979, so that signing again gives the same bytes, as
 * with SGX; OpenSSL would draw them. Throws SIGN_KEY.
 */
export function snpSignerFromPem(pem: string | Uint8Array): SnpSigner {
  const { point, secret } = coordinates(readable(() => createPrivateKey(input(pem)), 'a private key in PEM'));
  return {
    publicKey: point,
    // lowS: firmware has no such rule, and the nonce alone must decide.
    sign: (message) => p384.sign(message, secret, { prehash: true, lowS: false, format: 'compact' }),
  };
}

/** The point of a public or private key, or of a certificate, in PEM. Throws SIGN_KEY. */
export function p384FromPem(pem: string | Uint8Array): P384Pair {
  return coordinates(readable(() => createPublicKey(input(pem)), 'a key in PEM')).point;
}

/** A signer that has one signature, made elsewhere; of another message it is none. Throws SNP_ID_SIGNATURE. */
export function snpSignerOf(publicKey: P384Pair, signature: P384Pair, field: string): SnpSigner {
  return {
    publicKey,
    sign(message) {
      if (verifyP384(publicKey, message, signature)) return signature;
      const expected = 'a signature of what this command signs, by the key that was given';
      throw new MotteError('SNP_ID_SIGNATURE', { field, expected, found: 'another' });
    },
  };
}

/** A new key on P-384 from the system's randomness: PKCS #8 and SPKI, both in PEM. */
export function createP384Key(): PemPair {
  return newEcPair('P-384');
}

/** ECDSA P-384 verification by node:crypto. */
export const verifyP384: VerifyP384 = (publicKey, message, signature) => {
  const [x, y] = [publicKey.subarray(0, 48), publicKey.subarray(48)].map((half) =>
    Buffer.from(half).toString('base64url'),
  );
  let key: KeyObject;
  try {
    key = createPublicKey({ key: { kty: 'EC', crv: 'P-384', x: x ?? '', y: y ?? '' }, format: 'jwk' });
  } catch {
    return false; // not a point of the curve
  }
  return verify('sha384', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
};
