// SPDX-License-Identifier: Apache-2.0
// The vectors (test/vectors) say that the values are right; here are the rules and the refusals.
import { createDecipheriv, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { hmacSha256 } from '@motte/sign/hmac';
import { aesCtr } from '@motte/sign/sev/aes-node';
import { AMD_CERT, readAmdCertificate, readSevCertificate, SEV_CERT } from '@motte/sign/sev/certificates';
import { isSignedBy, isSignedByAmd } from '@motte/sign/sev/certificates-node';
import { deriveKey, launchMeasure, sealLaunchSecret, wrapSession } from '@motte/sign/sev/session';
import type { LaunchMeasureInput, SecretInput, SessionInput } from '@motte/sign/sev/session';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';
import { haveVectors, vector } from '@motte/test-helpers/vectors';

const key = fc.uint8Array({ minLength: 16, maxLength: 16 });

test('HMAC is that of node:crypto, for keys of every length', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.uint8Array({ maxLength: 100 })),
      (secret, parts) => {
        const expected = createHmac('sha256', secret).update(Buffer.concat(parts)).digest('hex');
        assert.is(toHex(hmacSha256(secret, ...parts)), expected);
      },
    ),
  );
});

test('a longer derived key begins otherwise: its length is part of it', () => {
  const secret = new Uint8Array(16).fill(1);
  const none = new Uint8Array(0);
  const [short, long] = [deriveKey(secret, 'label', none, 16), deriveKey(secret, 'label', none, 48)];
  assert.is(long.length, 48);
  assert.is.not(toHex(long.subarray(0, 16)), toHex(short));
  const block = createHmac('sha256', secret)
    .update(Buffer.from([2, 0, 0, 0]))
    .update('label\0')
    .update(Buffer.from([0x80, 1, 0, 0]))
    .digest('hex');
  assert.is(toHex(long.subarray(32)), block.slice(0, 32));
});

test('what is wrapped and sealed opens again', () => {
  const open = (secret: Uint8Array, iv: Uint8Array, data: Uint8Array): string => {
    const cipher = createDecipheriv('aes-128-ctr', secret, iv);
    return Buffer.concat([cipher.update(data), cipher.final()]).toString('hex');
  };
  fc.assert(
    fc.property(key, key, key, fc.uint8Array({ maxLength: 100 }), (tek, tik, iv, plain) => {
      const measure = new Uint8Array(32).fill(3);
      const sealed = sealLaunchSecret({ tek, tik, iv, flags: 0, plain, measure }, aesCtr);
      assert.is(open(tek, iv, sealed.cipher), toHex(plain));
      const other = sealLaunchSecret(
        { tek, tik, iv, flags: 0, plain, measure: measure.map((byte) => byte ^ 1) },
        aesCtr,
      );
      assert.is.not(toHex(other.mac), toHex(sealed.mac));
    }),
    { numRuns: 50 },
  );
});

const SIXTEEN = new Uint8Array(16);
const MEASURE: LaunchMeasureInput = {
  tik: SIXTEEN,
  apiMajor: 0,
  apiMinor: 24,
  build: 1,
  policy: 0,
  digest: new Uint8Array(32),
  mnonce: SIXTEEN,
};
const SESSION: SessionInput = {
  z: new Uint8Array(48),
  nonce: SIXTEEN,
  tek: SIXTEEN,
  tik: SIXTEEN,
  iv: SIXTEEN,
  policy: 0,
};
const SECRET: SecretInput = {
  tek: SIXTEEN,
  tik: SIXTEEN,
  iv: SIXTEEN,
  flags: 0,
  plain: SIXTEEN,
  measure: new Uint8Array(32),
};

test('values of another length are refused by name', () => {
  const short = new Uint8Array(15);
  for (const field of ['tik', 'digest', 'mnonce'] as const)
    assert.is(
      codeAndField(() => launchMeasure({ ...MEASURE, [field]: short })),
      `SEV_INPUT ${field}`,
    );
  for (const field of ['nonce', 'tek', 'tik', 'iv'] as const)
    assert.is(
      codeAndField(() => wrapSession({ ...SESSION, [field]: short }, aesCtr)),
      `SEV_INPUT ${field}`,
    );
  for (const field of ['tek', 'tik', 'iv', 'measure'] as const)
    assert.is(
      codeAndField(() => sealLaunchSecret({ ...SECRET, [field]: short }, aesCtr)),
      `SEV_INPUT ${field}`,
    );
});

test('each value of a launch changes its measurement', () => {
  const base = toHex(launchMeasure(MEASURE));
  const one = (length: number): Uint8Array => new Uint8Array(length).fill(1);
  const changes: readonly Partial<LaunchMeasureInput>[] = [
    { tik: one(16) },
    { apiMajor: 1 },
    { apiMinor: 25 },
    { build: 2 },
    { policy: 1 },
    { digest: one(32) },
    { mnonce: one(16) },
  ];
  const all = changes.map((change) => toHex(launchMeasure({ ...MEASURE, ...change })));
  assert.is(new Set([base, ...all]).size, changes.length + 1);
});

if (!haveVectors('sev-legacy'))
  console.log('skipped: damaged certificates: the vectors are not on this machine');
else {
  const [ark, ask, cek, pek] = ['ark', 'ask', 'cek', 'pek'].map((name) =>
    vector('sev-legacy', `naples_${name}.cert`),
  );

  test('a certificate that was changed is refused, or is not signed any more', () => {
    assert.ok(ark !== undefined && ask !== undefined && cek !== undefined && pek !== undefined);
    const root = readAmdCertificate(ark);
    const flip = (bytes: Uint8Array, at: number): Uint8Array =>
      bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
    for (let at = 0; at < ask.length; at += 13) {
      const code = codeOf(() => readAmdCertificate(flip(ask, at)));
      if (code === 'accepted')
        assert.not.ok(isSignedByAmd(readAmdCertificate(flip(ask, at)), root), `0x${at.toString(16)}`);
    }
    const issuer = readSevCertificate(cek);
    for (let at = 0; at < SEV_CERT.offsetOf('sig1_usage'); at += 7) {
      const code = codeOf(() => readSevCertificate(flip(pek, at)));
      if (code === 'accepted')
        assert.not.ok(isSignedBy(readSevCertificate(flip(pek, at)), 2, issuer), `0x${at.toString(16)}`);
    }
    for (const [at, length] of [[AMD_CERT.offsetOf('reserved_028'), 16]] as const)
      for (let i = 0; i < length; i++)
        assert.is(
          codeOf(() => readAmdCertificate(flip(ask, at + i))),
          'STRUCT_RESERVED',
        );
    for (const field of ['reserved_006', 'reserved_0a4'] as const)
      assert.is(
        codeOf(() => readSevCertificate(flip(pek, SEV_CERT.offsetOf(field)))),
        'STRUCT_RESERVED',
      );
  });

  test('certificates of another form are refused by their field', () => {
    assert.ok(ask !== undefined && pek !== undefined);
    const set = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
      const out = new Uint8Array(bytes);
      new DataView(out.buffer).setUint32(at, value, true);
      return out;
    };
    const cases: readonly (readonly [string, () => unknown, string])[] = [
      ['version', () => readAmdCertificate(set(ask, 0, 2)), 'SEV_CERTIFICATE version'],
      [
        'modulus of 1024 bits',
        () => readAmdCertificate(set(ask, 0x3c, 1024)),
        'SEV_CERTIFICATE modulus_bits',
      ],
      [
        'exponent of other size',
        () => readAmdCertificate(set(ask, 0x38, 4096)),
        'SEV_CERTIFICATE exponent_bits',
      ],
      ['a huge exponent', () => readAmdCertificate(set(ask, 0x40 + 100, 1)), 'SEV_CERTIFICATE exponent'],
      ['a byte more', () => readAmdCertificate(new Uint8Array([...ask, 0])), 'SEV_CERTIFICATE certificate'],
      ['a byte less', () => readAmdCertificate(ask.subarray(1)), 'SEV_CERTIFICATE version'],
      ['nothing', () => readAmdCertificate(new Uint8Array(0)), 'STRUCT_TRUNCATED AMD certificate'],
      ['another version', () => readSevCertificate(set(pek, 0, 2)), 'SEV_CERTIFICATE version'],
      ['P-256', () => readSevCertificate(set(pek, 0x10, 1)), 'SEV_CERTIFICATE curve'],
      ['a coordinate of 49 bytes', () => readSevCertificate(set(pek, 0x14 + 48, 1)), 'SEV_CERTIFICATE x, y'],
      [
        'trailing bytes',
        () => readSevCertificate(new Uint8Array([...pek, 0])),
        'SEV_CERTIFICATE certificate',
      ],
    ];
    for (const [name, read, expected] of cases) assert.is(codeAndField(read), expected, name);
  });
}

test.run();
