// SPDX-License-Identifier: Apache-2.0
import { fromHex, toHex } from '@motte/binary/hex';
import { measureKeystone, measureSecurityMonitor, MONITOR_BYTES } from '@motte/measure/keystone';
import { measureKeystoneV1 } from '@motte/measure/keystone-v1';
import { newSha3With512 } from '@motte/measure/hash';
import { expandSeed, publicKeyOf, signEd25519, verifyEd25519 } from '@motte/sign/ed25519';
import { deriveMonitorKeys } from '@motte/sign/keystone/boot';
import { readKeystoneReport, verifyKeystoneReport } from '@motte/sign/keystone/report';
import { sealingKey } from '@motte/sign/keystone/sealing';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';
import { checkRow, object, objects, text } from './folder.js';
import type { Meta, Row, RowResult, VectorFolder } from './folder.js';

const bytes = (meta: Meta, name: string): Uint8Array => fromHex(text(meta, name));

/** A range of the folder's pool, `[offset, length]`. */
export function poolRange(pool: Uint8Array, range: unknown): Uint8Array {
  if (!Array.isArray(range) || range.length !== 2) throw new Error('no [offset, length]');
  const [offset, length] = range.map(Number) as [number, number];
  if (!(offset >= 0 && length >= 0 && offset + length <= pool.length)) throw new Error('not in the pool');
  return pool.subarray(offset, offset + length);
}

/** The base with a negative's change: `xor` into the byte at `offset`, or `hex` from there on. */
export function patched(base: Uint8Array, negative: Meta): Uint8Array {
  const out = new Uint8Array(base);
  const offset = Number(negative['offset']);
  const change = negative['hex'] === undefined ? undefined : bytes(negative, 'hex');
  const end = offset + (change?.length ?? 1);
  if (!(offset >= 0 && end <= out.length)) throw new Error('the change is not within the base');
  if (change !== undefined) out.set(change, offset);
  else out[offset] = (out[offset] ?? 0) ^ Number(negative['xor'] ?? negative['value']);
  return out;
}

function checkBoot(row: Row, vector: Meta, data: Meta, pool: Uint8Array): void {
  const secret = bytes(data, 'dev_secret_key_expanded');
  row.equal('device key', toHex(publicKeyOf(secret)), data['dev_public_key']);
  row.equal('measured bytes', MONITOR_BYTES, vector['measured_bytes']);
  const hash = measureSecurityMonitor(poolRange(pool, vector['firmware']));
  row.equal('sm_hash', toHex(hash), vector['sm_hash']);
  const keys = deriveMonitorKeys(secret, hash);
  row.equal('sm_public_key', toHex(keys.publicKey), vector['sm_public_key']);
  row.equal('sm_secret_key_expanded', toHex(keys.secretKey), vector['sm_secret_key_expanded']);
  row.equal('sm_signature', toHex(keys.signature), vector['sm_signature']);
}

function checkEd25519(row: Row, vector: Meta): void {
  const secret = expandSeed(bytes(vector, 'seed'), newSha3With512);
  row.equal('secret_expanded', toHex(secret), vector['secret_expanded']);
  row.equal('public', toHex(publicKeyOf(secret)), vector['public']);
  const message = bytes(vector, 'message');
  const signature = signEd25519(message, secret, newSha3With512);
  row.equal('signature', toHex(signature), vector['signature']);
  const key = bytes(vector, 'public');
  row.equal('verifies', verifyEd25519(bytes(vector, 'signature'), message, key, newSha3With512), true);
  const changed = patched(signature, { offset: 3, xor: 1 });
  row.equal('a changed one does not', verifyEd25519(changed, message, key, newSha3With512), false);
}

function checkReport(row: Row, file: Uint8Array, vector: Meta, device: Uint8Array): void {
  row.equal(
    'verdict',
    codeOf(() => verifyKeystoneReport(file, device)) === 'accepted',
    vector['verdict'] === 'accept',
  );
  const report = readKeystoneReport(file);
  row.equal('enclave_hash', toHex(report.enclave_hash), vector['enclave_hash']);
  row.equal('data_len', report.data.length, vector['data_len']);
  const fields = {
    device_pubkey: toHex(report.device_key),
    enclave: {
      data: toHex(report.data),
      datalen: report.data.length,
      hash: toHex(report.enclave_hash),
      signature: toHex(report.enclave_signature),
    },
    security_monitor: {
      hash: toHex(report.monitor_hash),
      pubkey: toHex(report.monitor_key),
      signature: toHex(report.monitor_signature),
    },
  };
  row.equal('fields', fields, vector['fields']);
}

/** L of RFC 8032, written here again: the rows must not trust the code that they test. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Where the report has S of the enclave's signature, and what each of its parts is refused as. */
const S_AT = 0x448 + 32;
const REASONS: readonly (readonly [end: number, reason: string])[] = [
  [0x40, 'KEYSTONE_SIGNATURE enclave_signature'],
  [0x48, 'KEYSTONE_SIGNATURE enclave_signature'],
  [0x488, 'KEYSTONE_SIGNATURE enclave_signature'],
  [0x528, 'KEYSTONE_SIGNATURE monitor_signature'],
];

function checkNegative(row: Row, base: Uint8Array, negative: Meta, device: Uint8Array): void {
  const file = patched(base, negative);
  const found = codeAndField(() => verifyKeystoneReport(file, device));
  const s = BigInt(`0x${toHex(file.subarray(S_AT, S_AT + 32).toReversed())}`);
  const length = new DataView(file.buffer).getBigUint64(0x40, true);
  // The verdict is that of the reference, which accepts S + L; RFC 8032 refuses it, and so do we.
  if (negative['verdict'] === 'accept' && s < ORDER) {
    row.equal('verdict', found, 'accepted');
    return;
  }
  const reason = REASONS.find(([end]) => Number(negative['offset']) < end)?.[1];
  row.equal('verdict', found, length > 1024n ? 'KEYSTONE_REPORT data_length' : reason);
}

/** keystone: a measurement, a boot, a signature, a report or a key a row. */
export function keystoneRows(folder: VectorFolder): RowResult[] {
  const data = folder.json('keystone.json');
  const pool = folder.file(text(data, 'pool'));
  const device = bytes(data, 'dev_public_key');
  const each = (name: string, check: (row: Row, vector: Meta) => void): RowResult[] =>
    objects(data[name], name).map((vector, i) =>
      checkRow(
        [vector['id'], vector['file'], `${name} ${i}`].find((id) => typeof id === 'string') ?? name,
        (row) => check(row, vector),
      ),
    );
  const negatives = object(data['report_negatives'], 'report_negatives');
  return [
    ...each('enclave_measure', (row, vector) => {
      const [loader, runtime, eapp] = ['loader', 'runtime', 'eapp'].map((n) => poolRange(pool, vector[n]));
      if (loader === undefined || runtime === undefined || eapp === undefined) throw new Error('files');
      row.equal('enclave_hash', toHex(measureKeystone({ loader, runtime, eapp })), vector['enclave_hash']);
    }),
    ...each('sm_boot', (row, vector) => checkBoot(row, vector, data, pool)),
    ...each('ed25519_sha3', checkEd25519),
    ...each('reports', (row, vector) => checkReport(row, folder.file(text(vector, 'file')), vector, device)),
    ...objects(negatives['rows'], 'report_negatives.rows').map((negative) =>
      checkRow(`report: ${text(negative, 'name')}`, (row) =>
        checkNegative(row, folder.file(text(negatives, 'base')), negative, device),
      ),
    ),
    ...each('sealing', (row, vector) => {
      const [secret, hash] = [bytes(vector, 'sm_secret_key'), bytes(vector, 'enclave_hash')];
      row.equal('key128', toHex(sealingKey(secret, hash, bytes(vector, 'key_ident'))), vector['key128']);
    }),
    ...each('v1_page_walk', (row, vector) => {
      const found = measureKeystoneV1({
        runtime: folder.file(text(vector, 'runtime')),
        eapp: folder.file(text(vector, 'eapp')),
        untrustedPtr: BigInt(text(vector, 'untrusted_ptr')),
        untrustedSize: Number(vector['untrusted_size']),
      });
      row.equal('enclave_hash', toHex(found), vector['enclave_hash']);
    }),
  ];
}
