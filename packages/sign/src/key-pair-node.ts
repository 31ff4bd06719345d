// SPDX-License-Identifier: Apache-2.0
// The one place that makes asymmetric keys. Node's KeyObjects of a new pair share a lock with the job that made
// them: when the collector frees the job while `export` holds that lock, the process waits for itself for ever (Node
// 20, `~KeyGenJob` in a collection started by `ExportJWKEcKey`). Keys that leave the job as PEM have a lock of their own.
// eslint-disable-next-line no-restricted-imports
import { generateKeyPairSync } from 'node:crypto';

/** PKCS #8 and SPKI, both in PEM. */
export interface PemPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const;
const publicKeyEncoding = { type: 'spki', format: 'pem' } as const;

/** A new key on a curve that OpenSSL names, from the system's randomness. */
export function newEcPair(namedCurve: string): PemPair {
  return generateKeyPairSync('ec', { namedCurve, privateKeyEncoding, publicKeyEncoding });
}

/** A new RSA key of so many bits, from the system's randomness. Takes up to a few seconds. */
export function newRsaPair(modulusLength: number, publicExponent = 0x10001): PemPair {
  const options = { modulusLength, publicExponent };
  return generateKeyPairSync('rsa', { ...options, privateKeyEncoding, publicKeyEncoding });
}

/** A new key for Ed25519 or X25519, from the system's randomness. */
export function newEdwardsPair(kind: 'ed25519' | 'x25519'): PemPair {
  if (kind === 'ed25519') return generateKeyPairSync('ed25519', { privateKeyEncoding, publicKeyEncoding });
  return generateKeyPairSync('x25519', { privateKeyEncoding, publicKeyEncoding });
}
