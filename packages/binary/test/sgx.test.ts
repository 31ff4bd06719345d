// SPDX-License-Identifier: Apache-2.0
// The SGX tables: round trip and one flipped byte per reserved range for each. Real SIGSTRUCTs and quotes, and what
// Linux says of the same structures, are in toolchain/shimgen/test.
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import { test } from 'uvu';
import { fieldSize, isReserved } from '../src/layout.js';
import type { Field, Layout } from '../src/layout.js';
import { EXINFO } from '../src/sgx/exinfo.js';
import { sgxErrorName } from '../src/sgx/error-codes.js';
import { GPRSGX } from '../src/sgx/gprsgx.js';
import { KEYREQUEST } from '../src/sgx/keyrequest.js';
import { PAGEINFO } from '../src/sgx/pageinfo.js';
import { REPORT, REPORTBODY } from '../src/sgx/report.js';
import { SECINFO } from '../src/sgx/secinfo.js';
import { SECS } from '../src/sgx/secs.js';
import { SIGSTRUCT } from '../src/sgx/sigstruct.js';
import { TARGETINFO } from '../src/sgx/targetinfo.js';
import { TCS } from '../src/sgx/tcs.js';
import { SGX_ENCLAVE_RUN, SGX_IOC } from '../src/sgx/uapi.js';
import { XSAVE_HEADER, XSAVE_LEGACY } from '../src/sgx/xsave.js';

// The sizes that the manual states, apart from the tables: a lost row cannot hide in a size that was adapted to it.
const SIZES = [
  [SECS, 4096],
  [TCS, 4096],
  [SECINFO, 64],
  [PAGEINFO, 32],
  [GPRSGX, 184],
  [XSAVE_LEGACY, 512],
  [XSAVE_HEADER, 64],
  [EXINFO, 16],
  [SIGSTRUCT, 1808],
  [TARGETINFO, 512],
  [REPORT, 432],
  [REPORTBODY, 384],
  [KEYREQUEST, 512],
  [SGX_ENCLAVE_RUN, 256],
] as unknown as readonly (readonly [Layout<readonly Field[]>, number])[];

function valueOf(field: Field): fc.Arbitrary<number | bigint | Uint8Array> {
  const size = fieldSize(field.type);
  if (field.type.startsWith('bytes')) return fc.uint8Array({ minLength: size, maxLength: size });
  if (size === 8) return fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
  return fc.integer({ min: 0, max: 2 ** (8 * size) - 1 });
}

for (const [table, size] of SIZES) {
  test(`${table.name} is ${size} bytes and reads what it writes`, () => {
    assert.is(table.size, size);
    const fields = table.fields.filter((field) => !isReserved(field));
    const values = fc.record(Object.fromEntries(fields.map((field) => [field.name, valueOf(field)])));
    fc.assert(
      fc.property(values, (given) => {
        const read = table.readStrict(table.write(given));
        for (const field of fields) assert.equal(read[field.name], given[field.name]);
      }),
      { numRuns: 20 },
    );
  });

  test(`${table.name} reports one set bit at either end of each reserved range`, () => {
    for (const field of table.fields.filter(isReserved)) {
      for (const at of [field.at, field.at + fieldSize(field.type) - 1]) {
        const bytes = table.write({});
        bytes[at] = 0x80;
        assert.equal(table.nonZeroReserved(bytes), [field.name]);
      }
    }
  });
}

test('the numbers that others state: ioctls of Linux, names of error codes', () => {
  // From strace's and Gramine's view of the same ioctls, written out.
  assert.equal(SGX_IOC, {
    CREATE: 0x4008a400,
    ADD_PAGES: 0xc030a401,
    INIT: 0x4008a402,
    PROVISION: 0x4008a403,
    RESTRICT_PERMISSIONS: 0xc028a405,
    MODIFY_TYPES: 0xc028a406,
    REMOVE_PAGES: 0xc018a407,
  });
  assert.is(sgxErrorName(19), 'SGX_PAGE_ATTRIBUTES_MISMATCH');
  assert.is(sgxErrorName(22), undefined);
});

test.run();
