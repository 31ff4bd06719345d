// SPDX-License-Identifier: Apache-2.0
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import { SECS } from '@motte/binary/sgx/secs';
import { SECS_ISVEXTPRODID_OFFSET, SECS_ISVFAMILYID_OFFSET } from '@motte/loader/protocol/epc';
import { SIGSTRUCT } from '@motte/binary/sgx/sigstruct';
import { sha256 } from '@motte/measure/hash';
import { createSgxKey, keyDigest, signerFromPem } from '@motte/sign/key-node';
import { signSigstruct, unsignedSigstruct } from '@motte/sign/sgx/sign';
import { sameBytes } from '@motte/test-helpers/bytes';
import { codeAndField } from '@motte/test-helpers/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emulatedBackend } from '@motte/loader/emulated/enclave';
import { einit } from '@motte/loader/emulated/einit';
import { goodSecs, goodTcs, secinfo } from './fixtures.js';
import type { SigstructInput } from '@motte/sign/sgx/sign';
import type { Secs } from '@motte/loader/emulated/ecreate';

const { MODE64BIT, KSS, DEBUG } = ATTRIBUTES;
const signer = signerFromPem(createSgxKey());
const MRENCLAVE = sha256(new Uint8Array([1]));

const INPUT: SigstructInput = {
  mrenclave: MRENCLAVE,
  date: 0x20200101,
  attributes: MODE64BIT | KSS,
  xfrm: 7n,
  miscselect: 1,
  isvprodid: 3,
  isvsvn: 4,
};

const signed = (change: Partial<SigstructInput> = {}): Uint8Array =>
  signSigstruct(unsignedSigstruct({ ...INPUT, ...change }), signer);

const GOOD = signed();

/** GOOD with bytes written over it, the signature left as it is. */
function forged(name: string, bytes: readonly number[]): Uint8Array {
  const out = GOOD.slice();
  out.set(bytes, SIGSTRUCT.fields.find((field) => field.name === name)?.at);
  return out;
}

/** GOOD with one byte of a field, the lowest by default, changed by one. */
function nudged(name: string, index = 0): Uint8Array {
  const at = (SIGSTRUCT.fields.find((field) => field.name === name)?.at ?? 0) + index;
  const out = GOOD.slice();
  out[at] = ((GOOD[at] ?? 0) + 1) & 0xff;
  return out;
}

const FORM = 'SGX_INVALID_SIG_STRUCT EINIT SIGSTRUCT.';
const SIGNATURE = 'SGX_INVALID_SIGNATURE EINIT SIGSTRUCT.';
const ATTRIBUTE = 'SGX_INVALID_ATTRIBUTE EINIT SIGSTRUCT.';

interface Row {
  readonly name: string;
  readonly sigstruct?: Uint8Array;
  readonly secs?: Partial<Secs>;
  readonly measurement?: Uint8Array;
  readonly expected: string;
}

const ROWS: readonly Row[] = [
  { name: 'the good one', expected: 'accepted' },
  {
    name: 'a byte too short',
    sigstruct: GOOD.subarray(1),
    expected: 'SGX_INVALID_SIG_STRUCT EINIT SIGSTRUCT',
  },
  { name: 'HEADER', sigstruct: forged('header', [7]), expected: `${FORM}HEADER` },
  { name: 'TYPE', sigstruct: forged('type', [1]), expected: `${FORM}TYPE` },
  { name: 'VENDOR of nobody', sigstruct: forged('vendor', [1]), expected: `${FORM}VENDOR` },
  { name: 'VENDOR of Intel', sigstruct: signed({ vendor: 0x8086 }), expected: 'accepted' },
  { name: 'HEADER2', sigstruct: forged('header2', [2]), expected: `${FORM}HEADER2` },
  { name: 'EXPONENT 65537', sigstruct: forged('exponent', [1, 0, 1]), expected: `${FORM}EXPONENT` },
  { name: 'CET', sigstruct: forged('cet_attributes', [1]), expected: `${FORM}CET_ATTRIBUTES` },
  { name: 'DATE changed after signing', sigstruct: nudged('date'), expected: `${SIGNATURE}SIGNATURE` },
  {
    name: 'SWDEFINED changed after signing',
    sigstruct: nudged('swdefined'),
    expected: `${SIGNATURE}SIGNATURE`,
  },
  { name: 'ISVSVN changed after signing', sigstruct: nudged('isvsvn'), expected: `${SIGNATURE}SIGNATURE` },
  {
    name: 'ENCLAVEHASH changed after signing',
    sigstruct: nudged('enclavehash'),
    expected: `${SIGNATURE}SIGNATURE`,
  },
  {
    name: 'SIGNATURE changed in its middle',
    sigstruct: nudged('signature', 200),
    expected: `${SIGNATURE}Q1`,
  },
  { name: 'Q1 off by one', sigstruct: nudged('q1'), expected: `${SIGNATURE}Q1` },
  { name: 'Q2 off by one', sigstruct: nudged('q2'), expected: `${SIGNATURE}Q2` },
  {
    name: 'MODULUS 0',
    sigstruct: forged('modulus', [...new Uint8Array(384)]),
    expected: `${SIGNATURE}MODULUS`,
  },
  {
    name: 'SIGNATURE not below MODULUS',
    sigstruct: forged('signature', [...new Uint8Array(384).fill(0xff)]),
    expected: `${SIGNATURE}SIGNATURE`,
  },
  {
    name: 'another measurement',
    measurement: sha256(new Uint8Array([2])),
    expected: 'SGX_INVALID_MEASUREMENT EINIT SIGSTRUCT.ENCLAVEHASH',
  },
  {
    name: 'DEBUG launched, not signed',
    secs: { attributes: MODE64BIT | KSS | DEBUG },
    expected: `${ATTRIBUTE}ATTRIBUTES`,
  },
  {
    name: 'DEBUG signed, not launched',
    sigstruct: signed({ attributes: MODE64BIT | KSS | DEBUG }),
    expected: `${ATTRIBUTE}ATTRIBUTES`,
  },
  {
    name: 'DEBUG launched, not in the mask',
    sigstruct: signed({ attributesMask: ~DEBUG & 0xffffffffffffffffn }),
    secs: { attributes: MODE64BIT | KSS | DEBUG },
    expected: 'accepted',
  },
  { name: 'more XFRM than signed', secs: { xfrm: 0xe7n }, expected: `${ATTRIBUTE}XFRM` },
  { name: 'less XFRM than signed', secs: { xfrm: 3n }, expected: `${ATTRIBUTE}XFRM` },
  {
    name: 'XFRM outside the mask',
    sigstruct: signed({ xfrmMask: 3n }),
    secs: { xfrm: 3n },
    expected: 'accepted',
  },
  { name: 'another MISCSELECT', secs: { miscselect: 0 }, expected: `${ATTRIBUTE}MISCSELECT` },
  {
    name: 'another MISCSELECT outside the mask',
    sigstruct: signed({ miscmask: 0 }),
    secs: { miscselect: 0 },
    expected: 'accepted',
  },
  {
    name: 'ISVFAMILYID with KSS',
    sigstruct: signed({ isvfamilyid: new Uint8Array(16).fill(1) }),
    expected: 'accepted',
  },
  {
    name: 'ISVFAMILYID without KSS',
    sigstruct: signed({ isvfamilyid: new Uint8Array(16).fill(1), attributes: MODE64BIT }),
    secs: { attributes: MODE64BIT },
    expected: `${ATTRIBUTE}ISVFAMILYID, ISVEXTPRODID`,
  },
  {
    name: 'ISVEXTPRODID without KSS',
    sigstruct: signed({ isvextprodid: new Uint8Array(16).fill(1), attributes: MODE64BIT }),
    secs: { attributes: MODE64BIT },
    expected: `${ATTRIBUTE}ISVFAMILYID, ISVEXTPRODID`,
  },
];

for (const row of ROWS) {
  test(`EINIT: ${row.name}`, () => {
    const secs = { ...SECS.read(goodSecs()), ...row.secs };
    assert.is(
      codeAndField(() => einit(secs, row.measurement ?? MRENCLAVE, row.sigstruct ?? GOOD)),
      row.expected,
    );
  });
}

test('EINIT: one flipped byte in each reserved range', () => {
  const reserved = SIGSTRUCT.fields.filter(({ name }) => name.startsWith('reserved_'));
  assert.ok(reserved.length > 0);
  for (const { name } of reserved) {
    assert.is(
      codeAndField(() => einit(SECS.read(goodSecs()), MRENCLAVE, forged(name, [1]))),
      `${FORM}${name}`,
    );
  }
});

test('EINIT: the SECS that it leaves', () => {
  const secs = SECS.readStrict(einit(SECS.read(goodSecs()), MRENCLAVE, GOOD));
  sameBytes(secs.mrenclave, MRENCLAVE);
  sameBytes(secs.mrsigner, keyDigest(signer.modulus));
  assert.equal([secs.isvprodid, secs.isvsvn], [3, 4]);
  assert.is(secs.attributes, MODE64BIT | KSS | ATTRIBUTES.INIT);
});

test('EINIT: ISVFAMILYID and ISVEXTPRODID go where EREPORT and EGETKEY look for them', () => {
  const isvfamilyid = new Uint8Array(16).fill(0x61);
  const isvextprodid = new Uint8Array(16).fill(0x62);
  const after = einit(SECS.read(goodSecs()), MRENCLAVE, signed({ isvfamilyid, isvextprodid }));
  sameBytes(after.subarray(SECS_ISVFAMILYID_OFFSET, SECS_ISVFAMILYID_OFFSET + 16), isvfamilyid);
  sameBytes(after.subarray(SECS_ISVEXTPRODID_OFFSET, SECS_ISVEXTPRODID_OFFSET + 16), isvextprodid);
});

test('after EINIT no page can be added, and EINIT comes once', () => {
  const enclave = emulatedBackend().create(goodSecs());
  // MRENCLAVE of an enclave of one TCS, from the records of the SDM by hand.
  const record = (tag: string, ...rest: readonly (readonly [number, bigint, number])[]): Uint8Array => {
    const bytes = Buffer.alloc(64);
    bytes.write(tag, 'latin1');
    for (const [at, value, size] of rest) {
      if (size === 4) bytes.writeUInt32LE(Number(value), at);
      else bytes.writeBigUInt64LE(value, at);
    }
    return bytes;
  };
  const tcs = goodTcs();
  const parts = [
    record('ECREATE', [8, 1n, 4], [12, 0x100000n, 8]),
    record('EADD', [8, 0x6000n, 8], [16, 0x100n, 8]),
    ...Array.from({ length: 16 }, (_, i) => [
      record('EEXTEND', [8, 0x6000n + BigInt(i * 256), 8]),
      tcs.subarray(i * 256, (i + 1) * 256),
    ]).flat(),
  ];
  const mrenclave = sha256(...parts);
  // What belongs to the CPU is cleared before it is measured: DBGOPTIN, CSSA, and with them the measurement.
  const dirty = tcs.slice();
  dirty[8] = 1;
  dirty[0x18] = 5;
  enclave.addPages({ offset: 0x6000, pages: 1, secinfo: secinfo(0x100n), measure: true, bytes: dirty });
  const ready = enclave.init(signed({ mrenclave }));
  sameBytes(ready.measurement, mrenclave);
  assert.is(
    codeAndField(() => enclave.addPages({ offset: 0, pages: 1, secinfo: secinfo(0x203n), measure: true })),
    'SGX_GP EADD SECS.ATTRIBUTES',
  );
  assert.is(
    codeAndField(() => enclave.init(signed({ mrenclave }))),
    'SGX_GP EINIT SECS.ATTRIBUTES',
  );
  ready.close();
});

test.run();
