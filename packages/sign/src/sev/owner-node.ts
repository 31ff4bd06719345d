// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey, diffieHellman, randomBytes } from 'node:crypto';
import { MotteError } from '@motte/binary/error';
import { newEcPair } from '../key-pair-node.js';
import { aesCtr } from './aes-node.js';
import { ecKey } from './certificates-node.js';
import type { SevCertificate } from './certificates.js';
import { ownerCertificate, sessionBytes } from './owner.js';
import { wrapSession } from './session.js';

/** A session with a platform: the first two are for it, the others for the owner alone. */
export interface OwnerSession {
  /** The owner's Diffie-Hellman certificate. */
  readonly certificate: Uint8Array;
  /** LAUNCH_START's session data. */
  readonly session: Uint8Array;
  readonly tik: Uint8Array;
  readonly tek: Uint8Array;
}

const random = (): Uint8Array => new Uint8Array(randomBytes(16));

/**
 * Starts a session with the platform that has this PDH, which the caller has verified. The owner's key lives for this
 * call alone. Throws SEV_CERTIFICATE for a PDH that is not on the curve.
 */
export function startSession(pdh: SevCertificate, policy: number): OwnerSession {
  const theirs = ecKey(pdh);
  if (theirs === undefined)
    throw new MotteError('SEV_CERTIFICATE', { field: 'PDH', expected: 'a point of P-384', found: 'another' });
  const own = newEcPair('P-384');
  const { x = '', y = '' } = createPublicKey(own.publicKey).export({ format: 'jwk' });
  const point = new Uint8Array([...Buffer.from(x, 'base64url'), ...Buffer.from(y, 'base64url')]);
  const z = new Uint8Array(
    diffieHellman({ privateKey: createPrivateKey(own.privateKey), publicKey: theirs }),
  );
  const [nonce, tek, tik, iv] = [random(), random(), random(), random()];
  const wrapped = wrapSession({ z, nonce, tek, tik, iv, policy }, aesCtr);
  z.fill(0);
  return { certificate: ownerCertificate(point), session: sessionBytes(wrapped, nonce, iv), tik, tek };
}
