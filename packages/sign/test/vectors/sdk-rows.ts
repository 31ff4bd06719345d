// SPDX-License-Identifier: Apache-2.0
import { bytesSource } from '@motte/binary/source';
import { toHex } from '@motte/binary/hex';
import { readElf } from '@motte/elf/read';
import { measureSgx } from '@motte/measure/sgx';
import { readSdkMetadata } from '@motte/plan/sgx/sdk/metadata';
import type { SdkMetadata } from '@motte/plan/sgx/sdk/metadata';
import { hasTextRelocations } from '@motte/plan/sgx/sdk/segments';
import { patchedElf, sdkPlan } from '@motte/plan/sgx/sdk';
import type { PagePlan } from '@motte/plan/plan';
import { parseSigstruct } from '@motte/sign/sgx/sigstruct';
import { sigstructChecks, verifySigstruct } from '@motte/sign/sgx/verify';
import { codeOf } from '@motte/test-helpers/errors';
import { checkRow, object, objects, sha256Hex, text } from './folder.js';
import type { Meta, Row, RowResult, VectorFolder } from './folder.js';
import { checkMeasure, countRecords } from './plan-row.js';
import { checkFields, checkSignedAgain } from './sigstruct-row.js';

function version({ head }: SdkMetadata): string {
  return `${head.version_major}.${head.version_minor}`;
}

/** Fields of `layout`, as the vectors have them. */
function checkLayout(row: Row, first: SdkMetadata, plan: PagePlan, textrel: boolean, expected: Meta): void {
  const { eadd, eextend } = countRecords(plan);
  const found: Meta = {
    metadata_version: version(first),
    metadata_size: first.head.size,
    ssa_frame_size: first.head.ssa_frame_size,
    enclave_size: Number(first.head.enclave_size),
    desired_misc_select: first.head.desired_misc_select,
    tcs_min_pool: first.head.tcs_min_pool,
    textrel,
    patches: first.patches.length,
    layout_entries: first.layout.length,
    eadd,
    eextend_chunks: eextend,
  };
  for (const [name, value] of Object.entries(expected)) row.equal(`layout.${name}`, found[name], value);
}

/** The SIGSTRUCT must verify; one whose TYPE is not 0 must fail by that alone. */
function checkVerified(row: Row, sigstruct: Uint8Array): void {
  const { type, ...rest } = sigstructChecks(sigstruct);
  row.equal(
    'checks but type',
    Object.entries(rest).filter(([, ok]) => !ok),
    [],
  );
  row.equal(
    'verdict',
    codeOf(() => verifySigstruct(sigstruct)),
    type ? 'accepted' : 'SIGSTRUCT_HEADER',
  );
}

function checkEnclave(row: Row, folder: VectorFolder, vector: Meta): void {
  const name = text(vector, 'file');
  const bytes = folder.file(name);
  row.equal('file_sha256', sha256Hex(bytes), vector['file_sha256']);
  if (vector['file_size'] !== undefined) row.equal('file_size', bytes.length, vector['file_size']);
  const expected = object(vector['expected'], 'expected');
  const elf = readElf(bytesSource(bytes));
  const blocks = readSdkMetadata(elf);
  const [first] = blocks;
  if (first === undefined) throw new Error('no metadata block');
  const plan = sdkPlan(elf, first, name);
  const textrel = hasTextRelocations(patchedElf(elf, first));
  checkLayout(row, first, plan, textrel, object(vector['layout'], 'layout'));
  checkMeasure(row, plan, expected['mrenclave'], { [name]: bytes });
  row.equal(
    'metadata_blocks',
    blocks.map((block) => ({ version: version(block), offset: block.offset, size: block.head.size })),
    vector['metadata_blocks'],
  );
  for (const block of blocks.slice(1)) {
    const found = toHex(measureSgx(sdkPlan(elf, block, name)));
    row.equal(`mrenclave of block ${version(block)}`, found, expected['mrenclave']);
    const { enclavehash } = parseSigstruct(block.head.sigstruct);
    row.equal(`ENCLAVEHASH of block ${version(block)}`, toHex(enclavehash), expected['mrenclave']);
  }
  if (vector['elrange'] !== undefined) {
    const { image_address, start, size } = first.elrange ?? {};
    row.equal(
      'elrange',
      [image_address, start, size].map(Number),
      Object.values(object(vector['elrange'], 'elrange')),
    );
  }
  checkFields(row, first.head.sigstruct, expected);
  checkVerified(row, first.head.sigstruct);
  if (vector['sigstruct'] !== undefined) {
    const sigstruct = folder.file(text(vector, 'sigstruct'));
    row.equal('the SIGSTRUCT inside', toHex(first.head.sigstruct), toHex(sigstruct));
    checkSignedAgain(row, sigstruct, folder.file(text(vector, 'key')));
  }
}

/** sgx-signed-enclaves and sgx-intel-signer: an enclave of the Intel SGX SDK a row. */
export function sdkRows(folder: VectorFolder): RowResult[] {
  const vectors = objects(folder.json('meta.json')['vectors'], 'vectors');
  return vectors.map((vector) => checkRow(text(vector, 'file'), (row) => checkEnclave(row, folder, vector)));
}
