// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fieldSize, isReserved } from '@motte/binary/layout';
import { MotteError } from '@motte/binary/error';
import { SIGSTRUCT } from '@motte/binary/sgx/sigstruct';
import { fromLittleEndian, toLittleEndian } from '@motte/sign/sgx/rsa';
import { completeSigstruct, signSigstruct } from '@motte/sign/sgx/sign';
import { dateText, parseSigstruct, signedBytes, sigstructText } from '@motte/sign/sgx/sigstruct';
import { sigstructChecks, verifySigstruct } from '@motte/sign/sgx/verify';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';
import { sampleSigner, sampleSigstruct } from './samples.js';

const GOOD = sampleSigstruct();

/** The sample with some bytes changed, signed again or not. */
function changed(edit: (bytes: Uint8Array, view: DataView) => void): Uint8Array {
  const bytes = GOOD.slice();
  edit(bytes, new DataView(bytes.buffer));
  return bytes;
}

/** Signs whatever the bytes say, as an attacker who has a key of his own can; nothing is verified. */
function signedAgain(bytes: Uint8Array): Uint8Array {
  const signer = sampleSigner();
  const { modulus } = signer;
  const signature = signer.sign(signedBytes(bytes)).toReversed();
  const s = fromLittleEndian(signature);
  const out = bytes.slice();
  const q1 = (s * s) / modulus;
  const q2 = (s * s * s - q1 * s * modulus) / modulus;
  out.set(toLittleEndian(modulus), SIGSTRUCT.offsetOf('modulus'));
  out.set(signature, SIGSTRUCT.offsetOf('signature'));
  out.set(toLittleEndian(q1), SIGSTRUCT.offsetOf('q1'));
  out.set(toLittleEndian(q2), SIGSTRUCT.offsetOf('q2'));
  return out;
}

test('a good one passes, each check and all', () => {
  assert.ok(Object.values(sigstructChecks(GOOD)).every(Boolean));
  assert.is(verifySigstruct(GOOD).isvprodid, 0xbeef);
});

test('each defect is refused by its own reason, signed or not', () => {
  const at = (name: Parameters<typeof SIGSTRUCT.offsetOf>[0]): number => SIGSTRUCT.offsetOf(name);
  const flip = (offset: number): Uint8Array => changed((b) => void (b[offset] = (b[offset] ?? 0) ^ 1));
  const n = sampleSigner().modulus;
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['too short', GOOD.subarray(1), 'SIGSTRUCT_SIZE SIGSTRUCT'],
    ['too long', new Uint8Array(1809), 'SIGSTRUCT_SIZE SIGSTRUCT'],
    ['empty', new Uint8Array(0), 'SIGSTRUCT_SIZE SIGSTRUCT'],
    ['HEADER', flip(at('header')), 'SIGSTRUCT_HEADER HEADER'],
    ['HEADER, signed', signedAgain(flip(at('header') + 11)), 'SIGSTRUCT_HEADER HEADER'],
    ['HEADER2, signed', signedAgain(flip(at('header2') + 15)), 'SIGSTRUCT_HEADER HEADER2'],
    ['TYPE of debug, signed', signedAgain(changed((b) => void (b[15] = 0x80))), 'SIGSTRUCT_HEADER TYPE'],
    [
      'CET attributes without CET, signed',
      signedAgain(flip(at('cet_attributes'))),
      'SIGSTRUCT_RESERVED cet_attributes',
    ],
    ['their mask', signedAgain(flip(at('cet_attributes_mask'))), 'SIGSTRUCT_RESERVED cet_attributes'],
    ['VENDOR', flip(at('vendor')), 'SIGSTRUCT_SIGNATURE SIGNATURE'],
    ['DATE', flip(at('date')), 'SIGSTRUCT_SIGNATURE SIGNATURE'],
    ['SWDEFINED', flip(at('swdefined')), 'SIGSTRUCT_SIGNATURE SIGNATURE'],
    ['ENCLAVEHASH', flip(at('enclavehash')), 'SIGSTRUCT_SIGNATURE SIGNATURE'],
    ['ATTRIBUTEMASK', flip(at('attributes_mask')), 'SIGSTRUCT_SIGNATURE SIGNATURE'],
    ['ISVSVN', flip(at('isvsvn')), 'SIGSTRUCT_SIGNATURE SIGNATURE'],
    ['SIGNATURE', flip(at('signature')), 'SIGSTRUCT_SIGNATURE SIGNATURE'],
    [
      'EXPONENT 65537',
      changed((_, v) => v.setUint32(at('exponent'), 65537, true)),
      'SIGSTRUCT_EXPONENT EXPONENT',
    ],
    ['an even MODULUS', flip(at('modulus')), 'SIGSTRUCT_MODULUS MODULUS'],
    [
      'a MODULUS of 3071 bits',
      changed((b) => void (b[at('modulus') + 383] = 0x7f)),
      'SIGSTRUCT_MODULUS MODULUS',
    ],
    [
      'no MODULUS',
      changed((b) => b.fill(0, at('modulus'), at('modulus') + 384)),
      'SIGSTRUCT_MODULUS MODULUS',
    ],
    ['another MODULUS', flip(at('modulus') + 5), 'SIGSTRUCT_SIGNATURE SIGNATURE'],
    [
      'SIGNATURE not below MODULUS',
      changed((b) => b.set(toLittleEndian(n), at('signature'))),
      'SIGSTRUCT_SIGNATURE SIGNATURE',
    ],
    [
      'no SIGNATURE',
      changed((b) => b.fill(0, at('signature'), at('signature') + 384)),
      'SIGSTRUCT_SIGNATURE SIGNATURE',
    ],
    ['Q1', flip(at('q1')), 'SIGSTRUCT_Q Q1'],
    ['Q2', flip(at('q2') + 383), 'SIGSTRUCT_Q Q2'],
  ];
  for (const [name, bytes, expected] of cases)
    assert.is(
      codeAndField(() => verifySigstruct(bytes)),
      expected,
      name,
    );
});

test('each reserved byte is refused with its offset, even when it is signed', () => {
  for (const field of SIGSTRUCT.fields.filter(isReserved)) {
    for (let i = 0; i < fieldSize(field.type); i++) {
      const bytes = changed((b) => void (b[field.at + i] = 1));
      const isSigned = field.at < 0x80 || field.at < 0x404;
      for (const variant of isSigned && i === 0 ? [bytes, signedAgain(bytes)] : [bytes]) {
        try {
          verifySigstruct(variant);
          assert.unreachable(`${field.name} + ${i}`);
        } catch (error) {
          assert.ok(error instanceof MotteError);
          assert.equal(
            [error.code, error.field, error.offset],
            ['SIGSTRUCT_RESERVED', field.name, BigInt(field.at)],
          );
        }
      }
    }
  }
});

test('no single bit can change without being noticed', () => {
  fc.assert(
    fc.property(fc.nat({ max: SIGSTRUCT.size * 8 - 1 }), (bit) => {
      const bytes = changed((b) => void (b[bit >> 3] = (b[bit >> 3] ?? 0) ^ (1 << (bit & 7))));
      assert.is.not(
        codeOf(() => verifySigstruct(bytes)),
        'accepted',
      );
    }),
    { numRuns: 400 },
  );
});

test('a SIGSTRUCT with CET attributes is one that says so', () => {
  const cet = sampleSigstruct({ attributes: 0xc4n });
  const bytes = cet.slice();
  bytes[SIGSTRUCT.offsetOf('cet_attributes')] = 1;
  assert.is(
    codeOf(() => verifySigstruct(signedAgain(bytes))),
    'accepted',
  );
});

test('a signature of something else, or by another key, is not completed', () => {
  const signer = sampleSigner();
  const unsigned = GOOD.slice();
  const wrong = signer.sign(new Uint8Array(256));
  assert.is(
    codeOf(() => completeSigstruct(unsigned, signer.modulus, wrong)),
    'SIGSTRUCT_SIGNATURE',
  );
  const right = signer.sign(signedBytes(unsigned));
  assert.is(
    codeOf(() => completeSigstruct(unsigned, signer.modulus + 2n, right)),
    'SIGSTRUCT_SIGNATURE',
  );
  assert.is(
    codeOf(() => completeSigstruct(unsigned, signer.modulus, right.subarray(1))),
    'SIGSTRUCT_SIGNATURE',
  );
  assert.is(
    codeOf(() => completeSigstruct(unsigned, signer.modulus >> 1n, right)),
    'SIGN_KEY',
  );
  const large = Uint8Array.from({ length: 384 }, () => 0xff);
  assert.is(
    codeOf(() => completeSigstruct(unsigned, signer.modulus, large)),
    'SIGSTRUCT_SIGNATURE',
  );
  const liar = { modulus: signer.modulus, sign: () => wrong };
  assert.is(
    codeOf(() => signSigstruct(unsigned, liar)),
    'SIGSTRUCT_SIGNATURE',
  );
});

test('what is shown is what is there', () => {
  const shown = sigstructText(parseSigstruct(GOOD));
  assert.equal(
    [shown.date, shown.isvprodid, shown.isvsvn, shown.attributes, shown.xfrm, shown.miscmask, shown.vendor],
    ['2026-11-25', 0xbeef, 7, '0x84', '0x7', '0xffffffff', '0x0'],
  );
  assert.is(shown.mrenclave.length, 64);
  assert.equal([0x20161116, 0x20240229, 0x070a07e3, 0, 0x20161301, 0x20160100, 0x2016010a].map(dateText), [
    '2016-11-16',
    '2024-02-29',
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test.run();
