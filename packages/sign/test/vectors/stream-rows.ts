// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { measureSgx } from '@motte/measure/sgx';
import { readSgxs } from '@motte/plan/sgx/sgxs';
import { parseSigstruct } from '@motte/sign/sgx/sigstruct';
import { verifySigstruct } from '@motte/sign/sgx/verify';
import { checkRow, object, objects, sha256Hex, text } from './folder.js';
import type { Meta, Row, RowResult, VectorFolder } from './folder.js';
import { checkMeasure, countRecords, sgxsBytes } from './plan-row.js';
import { checkChecks, checkFields } from './sigstruct-row.js';

function checkStream(row: Row, bytes: Uint8Array, name: string, expected: Meta): void {
  const plan = readSgxs(bytesSource(bytes), { file: name });
  const { eadd, eextend } = countRecords(plan);
  row.equal('records', { ECREATE: 1, EADD: eadd, EEXTEND: eextend }, expected['records']);
  checkMeasure(row, plan, expected['mrenclave'], { [name]: bytes });
  row.equal('the stream written again', toHex(sgxsBytes(plan)), toHex(bytes));
}

function checkSigstruct(row: Row, folder: VectorFolder, bytes: Uint8Array, vector: Meta): void {
  checkFields(row, bytes, object(vector['expected'], 'expected'));
  if (vector['checks'] !== undefined) checkChecks(row, bytes, object(vector['checks'], 'checks'));
  verifySigstruct(bytes);
  if (vector['sigstruct_of'] === undefined) return;
  const name = text(vector, 'sigstruct_of');
  const found = measureSgx(readSgxs(bytesSource(folder.file(name)), { file: name }));
  row.equal(`ENCLAVEHASH of ${name}`, toHex(parseSigstruct(bytes).enclavehash), toHex(found));
}

/** sgxs-streams: an .sgxs stream, or the SIGSTRUCT of one, a row. */
export function streamRows(folder: VectorFolder): RowResult[] {
  const vectors = objects(folder.json('meta.json')['vectors'], 'vectors');
  return vectors.map((vector) =>
    checkRow(text(vector, 'file'), (row) => {
      const name = text(vector, 'file');
      const bytes = folder.file(name);
      row.equal('file_sha256', sha256Hex(bytes), vector['file_sha256']);
      const expected = object(vector['expected'], 'expected');
      if (expected['records'] === undefined) checkSigstruct(row, folder, bytes, vector);
      else checkStream(row, bytes, name, expected);
    }),
  );
}
