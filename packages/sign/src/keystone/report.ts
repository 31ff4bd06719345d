// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { layout } from '@motte/binary/layout';
import type { Layout, LayoutValues } from '@motte/binary/layout';
import { newSha3With512 } from '@motte/measure/hash';
import { verifyEd25519 } from '../ed25519.js';

/** The largest piece of data that an enclave can have in its report. */
export const MAX_DATA = 1024;

export const KEYSTONE_REPORT_FIELDS = [
  { at: 0x000, name: 'enclave_hash', type: 'bytes64' },
  { at: 0x040, name: 'data_length', type: 'u64', doc: 'at most 1024' },
  { at: 0x048, name: 'data', type: 'bytes1024', doc: 'bytes beyond data_length are not signed' },
  { at: 0x448, name: 'enclave_signature', type: 'bytes64', doc: "by the monitor's key" },
  { at: 0x488, name: 'monitor_hash', type: 'bytes64' },
  { at: 0x4c8, name: 'monitor_key', type: 'bytes32' },
  { at: 0x4e8, name: 'monitor_signature', type: 'bytes64', doc: "by the device's key" },
  { at: 0x528, name: 'device_key', type: 'bytes32', doc: 'a claim: verifiers have their own' },
] as const;

/** An attestation report of Keystone. */
export const KEYSTONE_REPORT: Layout<typeof KEYSTONE_REPORT_FIELDS> = layout(
  { name: 'Keystone report', size: 1352, source: 'keystone-enclave/keystone 88c49ee, struct report' },
  KEYSTONE_REPORT_FIELDS,
);

/** A report whose data is cut to its length. */
export type KeystoneReport = Omit<LayoutValues<typeof KEYSTONE_REPORT_FIELDS>, 'data_length'>;

/** Reads a report; nothing in it is believed yet. Throws KEYSTONE_REPORT. */
export function readKeystoneReport(bytes: Uint8Array): KeystoneReport {
  if (bytes.length !== KEYSTONE_REPORT.size)
    throw new MotteError('KEYSTONE_REPORT', {
      field: 'report',
      expected: `${KEYSTONE_REPORT.size} bytes`,
      found: bytes.length,
    });
  const { data_length: length, ...report } = KEYSTONE_REPORT.read(bytes);
  if (length > BigInt(MAX_DATA))
    throw new MotteError('KEYSTONE_REPORT', {
      field: 'data_length',
      expected: `at most ${MAX_DATA}`,
      found: length,
      offset: KEYSTONE_REPORT.offsetOf('data_length'),
    });
  return { ...report, data: report.data.subarray(0, Number(length)) };
}

/** What the monitor's key signs for an enclave: hash, length, and the data up to its length. */
export function enclaveStatement(enclaveHash: Uint8Array, data: Uint8Array): Uint8Array {
  const head = KEYSTONE_REPORT.offsetOf('data');
  const out = new Uint8Array(head + data.length);
  out.set(enclaveHash);
  new DataView(out.buffer).setBigUint64(KEYSTONE_REPORT.offsetOf('data_length'), BigInt(data.length), true);
  out.set(data, head);
  return out;
}

/** What the device's key signs for a monitor: its hash and its key. */
export function monitorStatement(monitorHash: Uint8Array, monitorKey: Uint8Array): Uint8Array {
  const out = new Uint8Array(monitorHash.length + monitorKey.length);
  out.set(monitorHash);
  out.set(monitorKey, monitorHash.length);
  return out;
}

function checkSignature(
  field: 'monitor_signature' | 'enclave_signature',
  signature: Uint8Array,
  statement: Uint8Array,
  key: Uint8Array,
): void {
  if (verifyEd25519(signature, statement, key, newSha3With512)) return;
  throw new MotteError('KEYSTONE_SIGNATURE', {
    field,
    expected: `one by the key ${toHex(key)}`,
    found: 'another',
    offset: KEYSTONE_REPORT.offsetOf(field),
  });
}

/**
 * Reads a report and verifies both of its signatures under `deviceKey`, which the verifier has from elsewhere:
 * the key in the report proves nothing. Whether the hashes are those of software that one trusts is for the
 * caller to decide. Throws KEYSTONE_REPORT, KEYSTONE_SIGNATURE or ED25519_INPUT.
 */
export function verifyKeystoneReport(bytes: Uint8Array, deviceKey: Uint8Array): KeystoneReport {
  const report = readKeystoneReport(bytes);
  const monitor = monitorStatement(report.monitor_hash, report.monitor_key);
  checkSignature('monitor_signature', report.monitor_signature, monitor, deviceKey);
  const enclave = enclaveStatement(report.enclave_hash, report.data);
  checkSignature('enclave_signature', report.enclave_signature, enclave, report.monitor_key);
  return report;
}
