// SPDX-License-Identifier: Apache-2.0
// One flipped byte in each reserved range of a stream's records and of a SECS is refused, and the range is named.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isReserved } from '@motte/binary/layout';
import { SECS } from '@motte/binary/sgx/secs';
import { bytesSource } from '@motte/binary/source';
import type { PagePlan } from '@motte/plan/plan';
import { EADD_RECORD, ECREATE_RECORD, EEXTEND_RECORD } from '@motte/plan/sgx/records';
import { readSecs, secsRun } from '@motte/plan/sgx/secs';
import { readSgxs } from '@motte/plan/sgx/sgxs';
import { codeAndField } from '@motte/test-helpers/errors';
import { naiveStream } from './samples.js';

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

test.run();
