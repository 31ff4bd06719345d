// SPDX-License-Identifier: Apache-2.0
// The only file of this package that needs Node: keys as PEM, made and used by node:crypto.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { newRsaPair } from './key-pair-node.js';
import { RSA_BYTES, toLittleEndian } from './sgx/rsa.js';
import type { SgxSigner } from './sgx/sign.js';
import { mrsigner } from './sgx/sigstruct.js';

/** The modulus of an RSA-3072 key with exponent 3; of any other key throws SIGN_KEY. */
function checkedModulus(key: KeyObject): bigint {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== 'rsa' || modulusLength !== 8 * RSA_BYTES || publicExponent !== 3n) {
    const found =
      key.asymmetricKeyType === 'rsa'
        ? `RSA-${modulusLength} with exponent ${publicExponent}`
        : (key.asymmetricKeyType ?? 'another kind of key');
    throw new MotteError('SIGN_KEY', { field: 'key', expected: 'RSA-3072 with exponent 3', found });
  }
  const { n = '' } = key.export({ format: 'jwk' });
  return BigInt(`0x${toHex(Buffer.from(n, 'base64url'))}`);
}

function readable<T>(read: () => T, expected: string): T {
  try {
    return read();
  } catch (cause) {
    // The cause is OpenSSL's; its text can quote no key material.
    throw new MotteError('SIGN_KEY', { field: 'key', expected, found: 'something else', cause });
  }
}

/** A signer for a private key in PEM. Throws SIGN_KEY. */
export function signerFromPem(pem: string | Uint8Array, passphrase?: string): SgxSigner {
  const input = typeof pem === 'string' ? pem : Buffer.from(pem);
  const secret = passphrase === undefined ? {} : { passphrase };
  const key = readable(
    () => createPrivateKey({ key: input, format: 'pem', ...secret }),
    'a private key in PEM, and its passphrase if it has one',
  );
  return {
    modulus: checkedModulus(key),
    sign: (message) => new Uint8Array(sign('RSA-SHA256', message, key)),
  };
}

/** The modulus of a private or public key, or of a certificate, in PEM. Throws SIGN_KEY. */
export function modulusFromPem(pem: string | Uint8Array): bigint {
  const input = typeof pem === 'string' ? pem : Buffer.from(pem);
  return checkedModulus(readable(() => createPublicKey({ key: input, format: 'pem' }), 'a key in PEM'));
}

/** The public half of a private key in PEM, as SPKI PEM. Throws SIGN_KEY. */
export function publicPemOf(pem: Uint8Array): Uint8Array {
  const key = readable(() => createPublicKey({ key: Buffer.from(pem), format: 'pem' }), 'a key in PEM');
  return new TextEncoder().encode(String(key.export({ type: 'spki', format: 'pem' })));
}

/** MRSIGNER of whoever signs with a key. */
export function keyDigest(modulus: bigint): Uint8Array {
  return mrsigner(toLittleEndian(modulus));
}

/**
 * A new RSA-3072 key with exponent 3, as PKCS #8 PEM, from the system's randomness. Takes up to a few
 * seconds.
 */
export function createSgxKey(): string {
  return newRsaPair(8 * RSA_BYTES, 3).privateKey;
}
