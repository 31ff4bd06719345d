// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { measureSgx } from '@motte/measure/sgx';
import { createSgxKey, signerFromPem } from '@motte/sign/key-node';
import { planSigstruct, signSigstruct } from '@motte/sign/sgx/sign';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explainEinit } from '@motte/loader/sgx/explain';
import { driverError, OPERATION } from '@motte/loader/sgx/errors';
import { tinyPlan, TINY } from '../support/tiny-keep.js';

const signer = signerFromPem(createSgxKey());
const plan = tinyPlan(TINY.EXIT_42);
const identity = { date: 0x20200101, isvprodid: 0, isvsvn: 0 };
const good = signSigstruct(planSigstruct(plan, measureSgx(plan), identity), signer);
const other = signSigstruct(planSigstruct(plan, new Uint8Array(32), identity), signer);
const broken = good.slice().fill(0, 0x204, 0x384);
const input = (sigstruct: Uint8Array) => ({ sigstruct, configId: new Uint8Array(64), base: 0x100000000000n });
const refused = driverError(OPERATION.INIT, 'EPERM');

const ROWS = [
  { name: 'another measurement', error: refused, sigstruct: other, expected: 'SGX_INVALID_MEASUREMENT' },
  { name: 'no signature', error: refused, sigstruct: broken, expected: 'SGX_INVALID_SIGNATURE' },
  { name: 'nothing that we find', error: refused, sigstruct: good, expected: 'SGX_DRIVER' },
  {
    name: 'an error of another operation',
    error: driverError(OPERATION.CREATE, 'EINVAL'),
    sigstruct: other,
    expected: 'SGX_DRIVER',
  },
  {
    name: 'another error of EINIT',
    error: driverError(OPERATION.INIT, 'EIO'),
    sigstruct: other,
    expected: 'SGX_EPC_LOST',
  },
] as const;

for (const row of ROWS) {
  test(`why the driver refuses EINIT: ${row.name}`, () => {
    const explained = explainEinit(row.error, plan, input(row.sigstruct));
    assert.ok(explained instanceof MotteError);
    assert.is(explained.code, row.expected);
    if (explained !== row.error) assert.is(explained.cause, row.error);
  });
}

test('what is no error of ours stays what it is', () => {
  const error = new Error('x');
  assert.is(explainEinit(error, plan, input(good)), error);
});

test.run();
