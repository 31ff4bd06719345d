// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { hashOf, newSha3With512 } from '@motte/measure/hash';
import { ED25519_BYTES, expandSeed, publicKeyOf, signEd25519 } from '../ed25519.js';
import { enclaveStatement, KEYSTONE_REPORT, MAX_DATA, monitorStatement } from './report.js';

/** What the boot ROM hands to the security monitor. */
export interface MonitorKeys {
  /** Expanded, 64 bytes. */
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
  /** By the device, over the monitor's hash and its key. */
  readonly signature: Uint8Array;
}

/** Bytes of a SHA3-512. */
const HASH_BYTES = 64;

/**
 * The keys that the boot ROM derives for a monitor with this hash. The seed is made of ONE byte of the device's
 * secret and ONE of the hash, as the ROM takes the size of a pointer's target for that of the array: at most
 * 65536 monitor keys exist, and a verifier must not take one for the identity of a monitor.
 * keystone-enclave/keystone 88c49ee, boot ROM. Throws ED25519_INPUT for keys, KEYSTONE_INPUT for a hash.
 */
export function deriveMonitorKeys(deviceSecret: Uint8Array, monitorHash: Uint8Array): MonitorKeys {
  checkHash(monitorHash, 'monitor hash');
  publicKeyOf(deviceSecret);
  const seed = hashOf(newSha3With512, deviceSecret.subarray(0, 1), monitorHash.subarray(0, 1));
  const secretKey = expandSeed(seed.subarray(0, ED25519_BYTES), newSha3With512);
  const publicKey = publicKeyOf(secretKey);
  const signature = signEd25519(monitorStatement(monitorHash, publicKey), deviceSecret, newSha3With512);
  return { secretKey, publicKey, signature };
}

/** Throws KEYSTONE_INPUT, naming `field`, unless `hash` is a SHA3-512. */
export function checkHash(hash: Uint8Array, field: string): void {
  if (hash.length === HASH_BYTES) return;
  throw new MotteError('KEYSTONE_INPUT', { field, expected: `${HASH_BYTES} bytes`, found: hash.length });
}

/** What a report is made of. */
export interface ReportInput {
  readonly enclaveHash: Uint8Array;
  readonly data: Uint8Array;
  readonly monitorHash: Uint8Array;
  readonly monitor: MonitorKeys;
  readonly deviceKey: Uint8Array;
}

/** A report as the monitor writes it. Throws KEYSTONE_INPUT or ED25519_INPUT. */
export function signKeystoneReport(input: ReportInput): Uint8Array {
  const { enclaveHash, data, monitorHash, monitor, deviceKey } = input;
  checkHash(enclaveHash, 'enclave hash');
  checkHash(monitorHash, 'monitor hash');
  if (data.length > MAX_DATA)
    throw new MotteError('KEYSTONE_INPUT', {
      field: 'data',
      expected: `at most ${MAX_DATA} bytes`,
      found: data.length,
    });
  const padded = new Uint8Array(MAX_DATA);
  padded.set(data);
  return KEYSTONE_REPORT.write({
    enclave_hash: enclaveHash,
    data_length: BigInt(data.length),
    data: padded,
    enclave_signature: signEd25519(enclaveStatement(enclaveHash, data), monitor.secretKey, newSha3With512),
    monitor_hash: monitorHash,
    monitor_key: monitor.publicKey,
    monitor_signature: monitor.signature,
    device_key: deviceKey,
  });
}
