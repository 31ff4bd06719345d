// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, sign } from 'node:crypto';
import { newEcPair } from '../key-pair-node.js';
import { SEV_CERT } from './certificates.js';
import { certificateNumber, USAGE } from './owner.js';

/** ECDSA with SHA-256, of a key and of a signature. */
const ECDSA_SHA256 = 2;
const P384 = 2;
const P384_BYTES = 48;

/** The authority of a platform's owner: what signs the PEK of machines that are not self-owned (PEK_CERT_IMPORT). */
export interface Oca {
  /** PKCS #8, PEM. */
  readonly privateKey: string;
  /** Signed by itself; 2084 bytes. */
  readonly certificate: Uint8Array;
}

/** A new OCA on P-384. AMD 55766 rev 3.24, appendix C. The caller owns the result. */
export function createOca(): Oca {
  const { privateKey, publicKey } = newEcPair('P-384');
  const { x = '', y = '' } = createPublicKey(publicKey).export({ format: 'jwk' });
  const certificate = SEV_CERT.write({
    version: 1,
    usage: USAGE.OCA,
    algorithm: ECDSA_SHA256,
    curve: P384,
    x: certificateNumber(Buffer.from(x, 'base64url')),
    y: certificateNumber(Buffer.from(y, 'base64url')),
    sig1_usage: USAGE.OCA,
    sig1_algorithm: ECDSA_SHA256,
    sig2_usage: USAGE.INVALID,
  });
  const at = SEV_CERT.offsetOf('sig1');
  const signed = certificate.subarray(0, SEV_CERT.offsetOf('sig1_usage'));
  const signature = sign('sha256', signed, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const [r, s] = [signature.subarray(0, P384_BYTES), signature.subarray(P384_BYTES)].map(certificateNumber);
  certificate.set([...(r ?? []), ...(s ?? [])], at);
  return { privateKey, certificate };
}
