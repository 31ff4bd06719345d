// SPDX-License-Identifier: Apache-2.0
// The command over other people's files: what their hardware accepted, and what nobody should.
import { VECTORS, haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE, json, motte, refusal } from './motte.js';

interface Vectors {
  readonly vectors: readonly {
    readonly file: string;
    readonly expected: { readonly mrenclave: string };
    readonly layout?: { readonly metadata_version: string };
  }[];
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

/** What is wrong with an enclave: where in the first metadata block, and the bytes there. */
const DAMAGES: readonly (readonly [name: string, offset: number, hex: string])[] = [
  ['another magic', 0, '00'],
  ['an unknown version', 12, '63000000'],
  ['a metadata size past the end', 16, 'f0ffffff'],
  ['an enclave of 0 bytes', 40, '0000000000000000'],
  ['a layout past the end', 1872 + 12, 'e0ffffff'],
];
const METADATA_MAGIC = Buffer.from('4c0e5d639402a886', 'hex');

if (haveVectors('sgx-intel-signer') && haveVectors('sgx-signed-enclaves')) {
  const all = (['sgx-signed-enclaves', 'sgx-intel-signer'] as const).flatMap((folder) =>
    (vectorJson(folder, 'meta.json') as Vectors).vectors.map((one) => ({ folder, ...one })),
  );
  test('every SDK enclave has its MRENCLAVE and says which metadata it was made by', () => {
    const versions = new Set<string>();
    for (const { folder, file, expected, layout } of all) {
      assert.ok(layout);
      versions.add(layout.metadata_version);
      writeFileSync(at('enclave.so'), vector(folder, file));
      const { kind, profile, measurement } = json(['measure', 'sgx', 'enclave.so'], 'measure sgx');
      const found = [kind, profile, measurement];
      assert.equal(found, ['enclave', `sdk-${layout.metadata_version}`, expected.mrenclave], file);
    }
    assert.ok(all.length >= 23);
    assert.equal([...versions].toSorted(), ['1.3', '1.4', '1.5', '11.5', '2.4', '3.3']);
  });
  test('an SDK enclave that is damaged is refused with exit 2, in a line', () => {
    const [first] = all;
    assert.ok(first);
    const good = vector(first.folder, first.file);
    const metadata = Buffer.from(good).indexOf(METADATA_MAGIC);
    assert.ok(metadata > 0);
    const refused = (name: string, bytes: Uint8Array): void => {
      writeFileSync(at('bad.so'), bytes);
      const why = refusal(['measure', 'sgx', 'bad.so', '--as', 'enclave']);
      assert.match(why, /^2 (?:ELF|SDK|STRUCT|PLAN)_/u, name);
    };
    for (const [name, offset, hex] of DAMAGES) {
      const bytes = good.slice();
      bytes.set(Buffer.from(hex, 'hex'), metadata + offset);
      refused(name, bytes);
    }
    for (const length of [40, metadata + 100, good.length >> 1]) refused('cut', good.subarray(0, length));
  });
} else {
  console.log(`skipped: enclaves of Intel's signer: no vectors at ${VECTORS}`);
}

if (haveVectors('sgxs-streams')) {
  const { vectors } = vectorJson('sgxs-streams', 'meta.json') as Vectors;
  const streams = vectors.filter(({ file }) => file.endsWith('.sgxs'));
  test('every .sgxs stream is seen to be one, has its MRENCLAVE and a transcript', () => {
    assert.ok(streams.length >= 2);
    for (const { file, expected } of streams) {
      writeFileSync(at(file), vector('sgxs-streams', file));
      const told = json(['measure', 'sgx', file, '--transcript'], 'measure sgx');
      assert.equal(
        [told['kind'], told['profile'], told['measurement']],
        ['sgxs', 'sgxs', expected.mrenclave],
      );
      assert.is(motte(['measure', 'sgx', file, '--as', 'sgxs']).stdout, `${expected.mrenclave}\n`);
      const steps = told['transcript'] as { step: string; digest: string }[];
      assert.match(steps[0]?.step ?? '', /^ECREATE size 0x[0-9a-f]+ ssaframesize [0-9]+$/u);
      assert.is(steps.at(-1)?.digest, expected.mrenclave);
      const printed = motte(['measure', 'sgx', file, '--transcript']).stdout;
      const lines = steps.map(({ step, digest }) => `${digest}  ${step}\n`).join('');
      assert.ok(printed === `${lines}${expected.mrenclave}\n`, file);
    }
  });
  test('a stream that is damaged is refused with exit 2, in a line', () => {
    const [first] = streams;
    assert.ok(first);
    const good = Buffer.from(vector('sgxs-streams', first.file));
    const cases: readonly (readonly [string, Uint8Array, readonly string[]])[] = [
      ['2 SGXS_ORDER EADD 0x2000', good.subarray(0, good.length - 1), []],
      ['2 SGXS_RECORD record', good.subarray(0, 20), []],
      ['2 SGXS_RECORD record', good.subarray(64), ['--as', 'sgxs']],
      ['2 FILE_KIND bad.sgxs', good.subarray(64), []],
      ['2 SGXS_RECORD record', Buffer.from('\x7fELF'), ['--as', 'sgxs']],
    ];
    for (const [expected, bytes, as] of cases) {
      writeFileSync(at('bad.sgxs'), bytes);
      assert.is(refusal(['measure', 'sgx', 'bad.sgxs', ...as]), expected);
    }
  });
} else {
  console.log(`skipped: .sgxs streams: no vectors at ${VECTORS}`);
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
