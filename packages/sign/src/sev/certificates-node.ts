// SPDX-License-Identifier: Apache-2.0
import { constants, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { AmdCertificate, SevCertificate } from './certificates.js';

const EC_BYTES = 48;

function base64url(littleEndian: Uint8Array): string {
  return Buffer.from(littleEndian.toReversed()).toString('base64url');
}

function rsaKey({ modulus, exponent }: AmdCertificate): KeyObject {
  const e = Buffer.alloc(8);
  e.writeBigUInt64BE(exponent);
  const key = { kty: 'RSA', n: base64url(modulus), e: e.toString('base64url') };
  return createPublicKey({ key, format: 'jwk' });
}

/** The key of an OCA, PEK, PDH or CEK; `undefined` for a point that is not on the curve. */
export function ecKey({ values }: SevCertificate): KeyObject | undefined {
  const [x, y] = [values.x, values.y].map((half) => base64url(half.subarray(0, EC_BYTES)));
  if (x === undefined || y === undefined) return undefined;
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-384', x, y }, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function hashOf(algorithm: number): 'sha256' | 'sha384' {
  return (algorithm & 0x100) === 0 ? 'sha256' : 'sha384';
}

function verifyRsa(signed: Uint8Array, signature: Uint8Array, by: AmdCertificate, hash: string): boolean {
  const key = { key: rsaKey(by), padding: constants.RSA_PKCS1_PSS_PADDING };
  return verify(hash, signed, key, signature.subarray(0, by.modulus.length).toReversed());
}

/** Whether `certificate` (ARK or ASK) is signed by `by`: RSA-PSS, SHA-256 for 2048 bits, SHA-384 for 4096. */
export function isSignedByAmd(certificate: AmdCertificate, by: AmdCertificate): boolean {
  const hash = by.modulus.length === 256 ? 'sha256' : 'sha384';
  return verifyRsa(certificate.signed, certificate.signature, by, hash);
}

/** Algorithms of a signature, without the hash. */
const RSA = 1;
const ECDSA = 2;

/** Whether signature `number` of `certificate` is by the key of `by`. */
export function isSignedBy(
  certificate: SevCertificate,
  number: 1 | 2,
  by: AmdCertificate | SevCertificate,
): boolean {
  const { values, signed } = certificate;
  const algorithm = number === 1 ? values.sig1_algorithm : values.sig2_algorithm;
  const signature = number === 1 ? values.sig1 : values.sig2;
  const kind = algorithm & 0xff;
  if ('modulus' in by) return kind === RSA && verifyRsa(signed, signature, by, hashOf(algorithm));
  const key = ecKey(by);
  if (kind !== ECDSA || key === undefined) return false;
  // r and s are 72 bytes each, little-endian; what passes 48 must be zero.
  const [r, s] = [signature.subarray(0, 72), signature.subarray(72, 144)];
  if ([...r.subarray(EC_BYTES), ...s.subarray(EC_BYTES)].some((byte) => byte !== 0)) return false;
  const raw = new Uint8Array([
    ...r.subarray(0, EC_BYTES).toReversed(),
    ...s.subarray(0, EC_BYTES).toReversed(),
  ]);
  return verify(hashOf(algorithm), signed, { key, dsaEncoding: 'ieee-p1363' }, raw);
}
