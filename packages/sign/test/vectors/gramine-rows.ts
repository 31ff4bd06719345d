// SPDX-License-Identifier: Apache-2.0
import { parse } from 'smol-toml';
import { bytesSource } from '@motte/binary/source';
import { readElf } from '@motte/elf/read';
import { gramineSgxPlan } from '@motte/plan/sgx/gramine';
import { verifySigstruct } from '@motte/sign/sgx/verify';
import { checkRow, object, objects, text } from './folder.js';
import type { Meta, Row, RowResult, VectorFolder } from './folder.js';
import { checkMeasure, countRecords } from './plan-row.js';
import { checkFields, checkSignedAgain } from './sigstruct-row.js';

const UNITS: Readonly<Record<string, bigint>> = { '': 1n, K: 1n << 10n, M: 1n << 20n, G: 1n << 30n };

/** Gramine's sizes: a number, or a text with K, M or G. */
function sizeOf(value: unknown): bigint {
  const match = /^(\d+|0x[0-9a-f]+)([KMG]?)$/iu.exec(String(value));
  if (match === null) throw new Error(`sgx.enclave_size: ${String(value)}`);
  return BigInt(match[1] ?? '') * (UNITS[(match[2] ?? '').toUpperCase()] ?? 1n);
}

function checkManifest(row: Row, folder: VectorFolder, vector: Meta): void {
  const manifestFile = text(vector, 'manifest');
  const palFile = text(vector, 'pal');
  const manifest = folder.file(manifestFile);
  const pal = folder.file(palFile);
  const sgx = object(parse(new TextDecoder().decode(manifest))['sgx'], 'sgx');
  const plan = gramineSgxPlan({
    manifest,
    manifestFile,
    pal: readElf(bytesSource(pal)),
    palFile,
    enclaveSize: sizeOf(sgx['enclave_size']),
    maxThreads: Number(sgx['max_threads'] ?? 4),
    edmm: sgx['edmm_enable'] === true,
  });
  const expected = object(vector['expected'], 'expected');
  const { eadd, eextend } = countRecords(plan);
  row.equal('eadd', eadd, vector['eadd']);
  row.equal('eextend_chunks', eextend, vector['eextend_chunks']);
  checkMeasure(row, plan, expected['mrenclave'], { [manifestFile]: manifest, [palFile]: pal });
  const sigstruct = folder.file(text(vector, 'sigstruct'));
  checkFields(row, sigstruct, expected);
  verifySigstruct(sigstruct);
  checkSignedAgain(row, sigstruct, folder.file(text(vector, 'key')));
}

/** sgx-gramine: a manifest with its SIGSTRUCT a row. */
export function gramineRows(folder: VectorFolder): RowResult[] {
  const vectors = objects(folder.json('meta.json')['vectors'], 'vectors');
  return vectors.map((vector) =>
    checkRow(text(vector, 'manifest'), (row) => checkManifest(row, folder, vector)),
  );
}
