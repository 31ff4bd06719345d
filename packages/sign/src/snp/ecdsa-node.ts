// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { MotteError } from '@motte/binary/error';
import type { P384Pair, SnpSigner } from './id-block.js';
import type { VerifyP384 } from './verify.js';

const ENCODING = 'ieee-p1363';

function point(key: KeyObject): P384Pair {
  const { kty, crv, x = '', y = '' } = key.export({ format: 'jwk' });
  if (kty !== 'EC' || crv !== 'P-384')
    throw new MotteError('SIGN_KEY', { field: 'key', expected: 'a key on P-384', found: String(crv ?? kty) });
  return new Uint8Array([...Buffer.from(x, 'base64url'), ...Buffer.from(y, 'base64url')]);
}

/** A signer for a private key in PEM. Its signatures differ each time: OpenSSL draws a nonce. Throws SIGN_KEY. */
export function snpSignerFromPem(pem: string | Uint8Array): SnpSigner {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: typeof pem === 'string' ? pem : Buffer.from(pem), format: 'pem' });
  } catch (cause) {
    throw new MotteError('SIGN_KEY', {
      field: 'key',
      expected: 'a private key in PEM',
      found: 'something else',
      cause,
    });
  }
  return {
    publicKey: point(createPublicKey(key)),
    sign: (message) => new Uint8Array(sign('sha384', message, { key, dsaEncoding: ENCODING })),
  };
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
  return verify('sha384', message, { key, dsaEncoding: ENCODING }, signature);
};
