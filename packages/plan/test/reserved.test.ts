// SPDX-License-Identifier: Apache-2.0
// One flipped byte in each reserved range of what this package reads is refused, and the range is named. What a TCS
// reserves is not the stream's to say but EADD's, which packages/loader/src/emulated/eadd.ts does.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isReserved } from '@motte/binary/layout';
import { SECS } from '@motte/binary/sgx/secs';
import { bytesSource } from '@motte/binary/source';
import { readElf } from '@motte/elf/read';
import type { PagePlan } from '@motte/plan/plan';
import { EADD_RECORD, ECREATE_RECORD, EEXTEND_RECORD } from '@motte/plan/sgx/records';
import { GROUP, PATCH } from '@motte/plan/sgx/sdk/layouts';
import { readSdkMetadata } from '@motte/plan/sgx/sdk/metadata';
import { readSecs, secsRun } from '@motte/plan/sgx/secs';
import { readSgxs } from '@motte/plan/sgx/sgxs';
import { readTdvf, TDVF_HEAD, TDVF_SECTION } from '@motte/plan/tdx/tdvf';
import { codeAndField, refusalOf } from '@motte/test-helpers/errors';
import { TDVF_IMAGE } from './firmware-samples.js';
import { naiveStream } from './samples.js';
import { entryRow, groupRow, patchRow, sdkFile } from './sdk-samples.js';

const size = 0x4000n;
const SECS_RUN = secsRun({ size, ssaFrameSize: 1 });
const plan: PagePlan = {
  tee: 'sgx',
  size,
  runs: [
    SECS_RUN,
    {
      address: 0n,
      pages: 1,
      kind: 'reg',
      permissions: { read: true, write: false, execute: false },
      measured: true,
      bytes: bytesSource(Uint8Array.of(1)),
      source: { file: 'keep', section: 'data', offset: 0, inline: true },
    },
  ],
};

/** Where TDVF_IMAGE has its descriptor. */
const TDVF_AT = 0x1000;

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 0x80 : byte));
}

test('reserved bytes of ECREATE, EADD and EEXTEND', () => {
  const stream = naiveStream(plan);
  let count = 0;
  for (const [index, record] of [ECREATE_RECORD, EADD_RECORD, EEXTEND_RECORD].entries())
    for (const field of record.fields.filter(isReserved)) {
      const changed = flipped(stream, index * 64 + field.at + 1);
      assert.is(
        codeAndField(() => readSgxs(bytesSource(changed), { file: 'x' })),
        `STRUCT_RESERVED ${record.name}.${field.name}`,
      );
      count++;
    }
  assert.is(count, 3);
});

test('reserved bytes of a SECS', () => {
  const page = new Uint8Array(SECS.size);
  SECS_RUN.bytes.read(0, page.subarray(0, SECS_RUN.bytes.size));
  const fields = SECS.fields.filter(isReserved);
  assert.ok(fields.length > 0);
  for (const field of fields)
    assert.is(
      codeAndField(() => readSecs({ ...SECS_RUN, bytes: bytesSource(flipped(page, field.at)) })),
      `STRUCT_RESERVED SECS.${field.name}`,
    );
});

const [ROW, REPEAT, CHANGE] = [entryRow({ rva: 0x10000n }), groupRow(1, 2, 0x2000n), patchRow(0x18n, 8)];

for (const [table, sample, row] of [
  [PATCH, { rows: [ROW], patches: [CHANGE] }, CHANGE],
  [GROUP, { rows: [ROW, REPEAT] }, REPEAT],
] as const) {
  test(`reserved bytes of ${table.name} in an enclave of the SDK`, () => {
    const file = sdkFile(sample);
    const at = Buffer.from(file).indexOf(row);
    const fields = table.fields.filter(isReserved);
    assert.ok(fields.length > 0);
    readSdkMetadata(readElf(file));
    for (const field of fields) {
      const error = refusalOf(() => readSdkMetadata(readElf(flipped(file, at + field.at))));
      assert.equal(
        [error.code, error.field, Number(error.offset)],
        ['STRUCT_RESERVED', `${table.name}.${field.name}`, at + field.at],
      );
    }
  });
}

test('tables of firmware reserve bits alone: those of a section’s attributes', () => {
  assert.equal([...TDVF_HEAD.fields, ...TDVF_SECTION.fields].filter(isReserved), []);
  const at = TDVF_AT + TDVF_HEAD.size + TDVF_SECTION.offsetOf('attributes');
  readTdvf(bytesSource(TDVF_IMAGE));
  for (let bit = 2; bit < 32; bit++) {
    const changed = TDVF_IMAGE.map((byte, i) => (i === at + (bit >> 3) ? byte ^ (1 << (bit & 7)) : byte));
    const error = refusalOf(() => readTdvf(bytesSource(changed)));
    assert.equal([error.field, Number(error.offset)], ['TDVF section 0.attributes', at]);
  }
});

test.run();
