// SPDX-License-Identifier: Apache-2.0
// The command over other people's files: what their hardware accepted, and what nobody should.
import { VECTORS, haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE, json, motte, refusal } from './motte.js';

interface Vectors {
  readonly vectors: readonly { readonly file: string; readonly expected: { readonly mrenclave: string } }[];
}

const at = (name: string): string => join(PLACE, name);

/** One of each maker is enough here: @motte/plan has them all. */
const ENCLAVES = /^(libsgx_le|sgx-beginner|pdp_demo)/;

if (haveVectors('sgx-signed-enclaves')) {
  const { vectors } = vectorJson('sgx-signed-enclaves', 'meta.json') as Vectors;
  for (const { file, expected } of vectors.filter((one) => ENCLAVES.test(one.file))) {
    test(`${file} is seen to be an SDK enclave and has its MRENCLAVE, also by way of its plan`, () => {
      const name = file.replace(/\.gz$/, '');
      writeFileSync(at(name), vector('sgx-signed-enclaves', file));
      const result = json(['measure', 'sgx', name], 'measure sgx');
      assert.equal([result['kind'], result['measurement']], ['enclave', expected.mrenclave]);
      writeFileSync(at(`${name}.plan`), motte(['plan', name]).stdout);
      assert.is(motte(['measure', 'sgx', `${name}.plan`]).stdout, `${expected.mrenclave}\n`);
    });
  }
} else {
  console.log(`skipped: enclaves of Intel's SDK: no vectors at ${VECTORS}`);
}

if (haveVectors('sgx-sigstruct')) {
  const { vectors } = vectorJson('sgx-sigstruct', 'meta.json') as Vectors;
  test('SIGSTRUCTs of every signer verify, and say what they say', () => {
    assert.ok(vectors.length >= 5);
    for (const { file, expected } of vectors.slice(0, 3)) {
      const path = join(VECTORS, 'sgx-sigstruct', file);
      assert.is(json(['verify', 'sigstruct', path], 'verify sigstruct')['mrenclave'], expected.mrenclave);
    }
  });
  test('every malformed SIGSTRUCT is refused with exit 2 or 3', () => {
    const folder = join(VECTORS, 'sgx-sigstruct/malformed');
    for (const file of readdirSync(folder).filter((name) => !name.endsWith('.json'))) {
      assert.match(refusal(['verify', 'sigstruct', join(folder, file)]), /^[23] SIGSTRUCT_/, file);
    }
  });
} else {
  console.log(`skipped: SIGSTRUCTs of others: no vectors at ${VECTORS}`);
}

test.run();
