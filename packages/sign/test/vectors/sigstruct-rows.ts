// SPDX-License-Identifier: Apache-2.0
import { constants, createPrivateKey, privateEncrypt } from 'node:crypto';
import { toHex } from '@motte/binary/hex';
import { signerFromPem } from '@motte/sign/key-node';
import { cubeMod, fromLittleEndian, paddedDigest, quotients, toLittleEndian } from '@motte/sign/sgx/rsa';
import { sigstructChecks, verifySigstruct } from '@motte/sign/sgx/verify';
import { codeOf } from '@motte/test-helpers/errors';
import { checkRow, object, objects, text } from './folder.js';
import type { Meta, Row, RowResult, VectorFolder } from './folder.js';
import { checkChecks, checkFields, checkSignedAgain } from './sigstruct-row.js';

/**
 * DigestInfo of SHA-256, spelled out here so that ours is not compared with itself. RFC 8017, 9.2, note 1.
 */
const DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** RSA, Q1 and Q2 by themselves, from files that hold each number. */
function checkPrimitives(row: Row, folder: VectorFolder, files: Meta): void {
  const file = (name: string): Uint8Array => folder.file(text(files, name));
  const [s, n] = [fromLittleEndian(file('signature')), fromLittleEndian(file('modulus'))];
  row.equal('signature^3 mod n', cubeMod(s, n), paddedDigest(file('digest')));
  const { q1, q2 } = quotients(s, n);
  row.equal('q1', toHex(toLittleEndian(q1)), toHex(file('q1')));
  row.equal('q2', toHex(toLittleEndian(q2)), toHex(file('q2')));
  const pem = file('key');
  row.equal('modulus of the key', signerFromPem(pem).modulus, n);
  const key = createPrivateKey(Buffer.from(pem));
  const signed = privateEncrypt(
    { key, padding: constants.RSA_PKCS1_PADDING },
    Buffer.concat([DIGEST_INFO, file('digest')]),
  );
  row.equal('signature by node:crypto', toHex(new Uint8Array(signed).toReversed()), toHex(file('signature')));
}

function checkGood(row: Row, folder: VectorFolder, vector: Meta): void {
  const bytes = folder.file(text(vector, 'file'));
  checkFields(row, bytes, object(vector['expected'], 'expected'));
  checkChecks(row, bytes, object(vector['checks'], 'checks'));
  verifySigstruct(bytes);
  if (vector['files'] === undefined) return;
  const files = object(vector['files'], 'files');
  checkSignedAgain(row, bytes, folder.file(text(files, 'key')));
  checkPrimitives(row, folder, files);
}

function checkMalformed(row: Row, folder: VectorFolder, vector: Meta): void {
  const bytes = folder.file(text(vector, 'file'));
  row.equal('expect', vector['expect'], 'REJECT');
  if (codeOf(() => verifySigstruct(bytes)) === 'accepted') row.fail('accepted');
  if (vector['checks'] !== undefined) checkChecks(row, bytes, object(vector['checks'], 'checks'));
  if (typeof vector['rsa_signature_valid'] === 'boolean')
    row.equal('rsa_signature_valid', sigstructChecks(bytes).signature, vector['rsa_signature_valid']);
}

/** sgx-sigstruct: a SIGSTRUCT a row, good or malformed. */
export function sigstructRows(folder: VectorFolder): RowResult[] {
  const meta = folder.json('meta.json');
  return [
    ...objects(meta['vectors'], 'vectors').map((vector) =>
      checkRow(text(vector, 'file'), (row) => checkGood(row, folder, vector)),
    ),
    ...objects(meta['malformed'], 'malformed').map((vector) =>
      checkRow(text(vector, 'file'), (row) => checkMalformed(row, folder, vector)),
    ),
  ];
}
