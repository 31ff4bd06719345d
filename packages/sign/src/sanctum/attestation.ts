// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { hashOf, newSha512 } from '@motte/measure/hash';
import {
  ED25519_BYTES,
  expandSeed,
  EXPANDED_BYTES,
  publicKeyOf,
  signEd25519,
  verifyEd25519,
} from '../ed25519.js';

/** The keys of an enclave on MIT's monitor, and the monitor's word for them. */
export interface SanctumAttestation {
  /** Expanded, 64 bytes. */
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

const MEASUREMENT_BYTES = 64;

function checkLength(bytes: Uint8Array, length: number, field: string): void {
  if (bytes.length === length) return;
  throw new MotteError('ED25519_INPUT', { field, expected: `${length} bytes`, found: bytes.length });
}

/**
 * What MIT's security monitor makes of an enclave's measurement: its keys, from the monitor's secret, and a
 * signature over both. mit-enclaves/security_monitor 2cdb12b. Throws ED25519_INPUT.
 */
export function attestSanctum(monitorSecret: Uint8Array, measurement: Uint8Array): SanctumAttestation {
  checkLength(monitorSecret, EXPANDED_BYTES, 'monitor secret key');
  checkLength(measurement, MEASUREMENT_BYTES, 'measurement');
  const seed = hashOf(newSha512, monitorSecret, measurement).subarray(0, ED25519_BYTES);
  const secretKey = expandSeed(seed, newSha512);
  const publicKey = publicKeyOf(secretKey);
  const signature = signEd25519(hashOf(newSha512, measurement, publicKey), monitorSecret, newSha512);
  return { secretKey, publicKey, signature };
}

/** Whether the monitor with `monitorKey` vouches for an enclave's measurement and key. Throws ED25519_INPUT. */
export function verifySanctumAttestation(
  attestation: Pick<SanctumAttestation, 'publicKey' | 'signature'>,
  measurement: Uint8Array,
  monitorKey: Uint8Array,
): boolean {
  checkLength(measurement, MEASUREMENT_BYTES, 'measurement');
  const statement = hashOf(newSha512, measurement, attestation.publicKey);
  return verifyEd25519(attestation.signature, statement, monitorKey, newSha512);
}
