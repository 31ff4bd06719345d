// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { measureSgx } from '@motte/measure/sgx';
import { rawSgxPlan } from '@motte/plan/sgx/raw';
import { createSgxKey, keyDigest, modulusFromPem, signerFromPem } from '@motte/sign/key-node';
import { newEcPair, newEdwardsPair, newRsaPair } from '@motte/sign/key-pair-node';
import { cubeMod, fromLittleEndian, paddedDigest, quotients, toLittleEndian } from '@motte/sign/sgx/rsa';
import {
  bcdDate,
  completeSigstruct,
  planSigstruct,
  signingDigest,
  signSigstruct,
  unsignedSigstruct,
} from '@motte/sign/sgx/sign';
import type { SigstructInput } from '@motte/sign/sgx/sign';
import { mrsigner, parseSigstruct, signedBytes } from '@motte/sign/sgx/sigstruct';
import { verifySigstruct } from '@motte/sign/sgx/verify';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';
import { sameBytes } from '@motte/test-helpers/bytes';
import { tempFolder } from '@motte/test-helpers/temp';
import { INPUT, samplePem, sampleSigner, sampleSigstruct } from './samples.js';

test('any values come back as they were signed', () => {
  const id = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
  const u32 = fc.integer({ min: 0, max: 0xffffffff });
  const u16 = fc.integer({ min: 0, max: 0xffff });
  const signer = sampleSigner();
  fc.assert(
    fc.property(
      fc.record({
        mrenclave: fc.uint8Array({ minLength: 32, maxLength: 32 }),
        date: u32,
        attributes: u64,
        xfrm: u64,
        miscselect: u32,
        attributesMask: u64,
        xfrmMask: u64,
        miscmask: u32,
        isvprodid: u16,
        isvsvn: u16,
        isvfamilyid: id,
        isvextprodid: id,
        vendor: u32,
        swdefined: u32,
      }),
      (input: SigstructInput) => {
        const bytes = signSigstruct(unsignedSigstruct(input), signer);
        const v = verifySigstruct(bytes);
        const back = {
          mrenclave: v.enclavehash,
          date: v.date,
          attributes: v.attributes,
          xfrm: v.xfrm,
          miscselect: v.miscselect,
          attributesMask: v.attributes_mask,
          xfrmMask: v.xfrm_mask,
          miscmask: v.miscmask,
          isvprodid: v.isvprodid,
          isvsvn: v.isvsvn,
          isvfamilyid: v.isvfamilyid,
          isvextprodid: v.isvextprodid,
          vendor: v.vendor,
          swdefined: v.swdefined,
        };
        assert.equal(back, { ...input });
        sameBytes(signSigstruct(unsignedSigstruct(back), signer), bytes);
      },
    ),
    { numRuns: 40 },
  );
});

test('without masks every mask bit is one', () => {
  const { attributes_mask, xfrm_mask, miscmask } = parseSigstruct(sampleSigstruct());
  assert.equal([attributes_mask, xfrm_mask, miscmask], [(1n << 64n) - 1n, (1n << 64n) - 1n, 0xffffffff]);
});

test('the SIGSTRUCT of a plan fixes what its SECS says', () => {
  const image = bytesSource(new Uint8Array(8192));
  const plan = rawSgxPlan(image, { file: 'x', attributes: 0x86n, xfrm: 0xe7n, miscselect: 1 });
  const mrenclave = measureSgx(plan);
  const identity = { date: INPUT.date, isvprodid: 1, isvsvn: 2 };
  const v = parseSigstruct(signSigstruct(planSigstruct(plan, mrenclave, identity), sampleSigner()));
  assert.equal([v.attributes, v.xfrm, v.miscselect, v.isvprodid, v.isvsvn], [0x86n, 0xe7n, 1, 1, 2]);
  assert.equal(
    [v.attributes_mask, v.xfrm_mask, v.miscmask],
    [(1n << 64n) - 1n, (1n << 64n) - 1n, 0xffffffff],
  );
  sameBytes(v.enclavehash, mrenclave);
});

test('signing in two steps, the key elsewhere, gives the same bytes', () => {
  const unsigned = unsignedSigstruct(INPUT);
  const digest = signingDigest(unsigned);
  assert.is(toHex(digest), createHash('sha256').update(signedBytes(unsigned)).digest('hex'));
  const signer = sampleSigner();
  const elsewhere = signer.sign(signedBytes(unsigned));
  assert.is(cubeMod(fromLittleEndian(elsewhere.toReversed()), signer.modulus), paddedDigest(digest));
  sameBytes(completeSigstruct(unsigned, modulusFromPem(samplePem()), elsewhere), sampleSigstruct());
});

test('node:crypto agrees with our verification', () => {
  const bytes = sampleSigstruct();
  const signature = parseSigstruct(bytes).signature.toReversed();
  const key = createPublicKey(samplePem());
  assert.ok(verify('RSA-SHA256', signedBytes(bytes), key, signature));
  const other = bytes.slice();
  other[0x3c0] = (other[0x3c0] ?? 0) ^ 1;
  assert.not.ok(verify('RSA-SHA256', signedBytes(other), key, signature));
  assert.is(
    codeOf(() => verifySigstruct(other)),
    'SIGSTRUCT_SIGNATURE',
  );
});

const openssl = spawnSync('openssl', ['version'], { encoding: 'utf8' });
if (openssl.status !== 0) console.log('skipped: comparison with the openssl command: it is not installed');
else {
  test('the openssl command verifies ours, and we take its signature', () => {
    const folder = tempFolder();
    const file = (name: string, content: string | Uint8Array): string => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    };
    const run = (...args: string[]): Buffer => {
      const { status, stdout, stderr } = spawnSync('openssl', args);
      assert.is(status, 0, String(stderr));
      return stdout;
    };
    const key = file('key.pem', samplePem());
    const bytes = sampleSigstruct();
    const message = file('message', signedBytes(bytes));
    const signature = file('signature', parseSigstruct(bytes).signature.toReversed());
    const publicKey = file('public.pem', run('pkey', '-in', key, '-pubout'));
    assert.match(
      String(run('dgst', '-sha256', '-verify', publicKey, '-signature', signature, message)),
      'Verified OK',
    );
    const theirs = new Uint8Array(run('dgst', '-sha256', '-sign', key, message));
    sameBytes(completeSigstruct(unsignedSigstruct(INPUT), modulusFromPem(samplePem()), theirs), bytes);
  });

  test('a key that openssl made signs, in each form that it writes', () => {
    const run = (args: readonly string[], input = ''): string => {
      const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8', input });
      assert.is(status, 0, stderr);
      return stdout;
    };
    const options = ['-pkeyopt', 'rsa_keygen_bits:3072', '-pkeyopt', 'rsa_keygen_pubexp:3'];
    const pkcs8 = run(['genpkey', '-algorithm', 'RSA', ...options]);
    const pkcs1 = run(['rsa', '-traditional'], pkcs8);
    assert.match(pkcs1, 'BEGIN RSA PRIVATE KEY');
    const secret = run(['pkcs8', '-topk8', '-passout', 'pass:motte'], pkcs8);
    const signed = [signerFromPem(pkcs8), signerFromPem(pkcs1), signerFromPem(secret, 'motte')].map(
      (signer) => toHex(signSigstruct(unsignedSigstruct(INPUT), signer)),
    );
    assert.is(new Set(signed).size, 1);
    assert.is(
      codeAndField(() => signerFromPem(secret, 'wrong')),
      'SIGN_KEY key',
    );
    assert.is(
      codeAndField(() => signerFromPem(secret)),
      'SIGN_KEY key',
    );
    const key = join(tempFolder(), 'key.pem');
    writeFileSync(key, pkcs8);
    const certificate = run(['req', '-x509', '-new', '-key', key, '-subj', '/CN=motte test']);
    assert.is(modulusFromPem(certificate), modulusFromPem(run(['pkey', '-pubout'], pkcs8)));
  });
}

test('other keys are refused', () => {
  const keys: readonly (readonly [string, string])[] = [
    ['RSA-2048', newRsaPair(2048, 3).privateKey],
    ['exponent 65537', newRsaPair(3072).privateKey],
    ['an elliptic curve', newEcPair('P-384').privateKey],
    ['Ed25519', newEdwardsPair('ed25519').privateKey],
    ['no key', 'no key'],
    ['nothing', ''],
  ];
  for (const [name, text] of keys) {
    assert.is(
      codeAndField(() => signerFromPem(text)),
      'SIGN_KEY key',
      name,
    );
    assert.is(
      codeAndField(() => modulusFromPem(text)),
      'SIGN_KEY key',
      name,
    );
  }
});

test('keys are made for SGX, each another', () => {
  const [a, b] = [createSgxKey(), samplePem()];
  assert.is.not(modulusFromPem(a), modulusFromPem(b));
  const { asymmetricKeyDetails } = createPublicKey(a);
  assert.equal([asymmetricKeyDetails?.modulusLength, asymmetricKeyDetails?.publicExponent], [3072, 3n]);
  sameBytes(keyDigest(modulusFromPem(b)), mrsigner(parseSigstruct(sampleSigstruct()).modulus));
});

test('dates are days', () => {
  assert.is(bcdDate('2024-02-29'), 0x20240229);
  for (const date of [
    '2023-02-29',
    '2024-13-01',
    '2024-1-1',
    '20240101',
    '2024-01-01T00:00',
    '',
    'today',
    '2024-00-10',
  ])
    assert.is(
      codeAndField(() => bcdDate(date)),
      'SIGSTRUCT_VALUE DATE',
      date,
    );
});

test('values that do not fit are refused by their field', () => {
  const cases: readonly (readonly [Partial<SigstructInput>, string])[] = [
    [{ mrenclave: new Uint8Array(31) }, 'enclavehash'],
    [{ isvprodid: 65536 }, 'isvprodid'],
    [{ isvsvn: -1 }, 'isvsvn'],
    [{ isvsvn: 1.5 }, 'isvsvn'],
    [{ attributes: -1n }, 'attributes'],
    [{ xfrm: 1n << 64n }, 'xfrm'],
    [{ miscselect: 2 ** 32 }, 'miscselect'],
    [{ isvfamilyid: new Uint8Array(17) }, 'isvfamilyid'],
    [{ isvextprodid: new Uint8Array(0) }, 'isvextprodid'],
  ];
  for (const [change, field] of cases)
    assert.is(
      codeAndField(() => unsignedSigstruct({ ...INPUT, ...change })),
      `SIGSTRUCT_VALUE SIGSTRUCT.${field}`,
    );
});

test('the numbers of RSA are exact', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 384, maxLength: 384 }),
      fc.uint8Array({ minLength: 384, maxLength: 384 }),
      (a, b) => {
        sameBytes(toLittleEndian(fromLittleEndian(a)), a);
        const n = fromLittleEndian(b) | (1n << 3071n) | 1n;
        const s = fromLittleEndian(a) % n;
        const { q1, q2 } = quotients(s, n);
        // What the CPU computes with them: s^3 mod n without a division.
        assert.is(s * (s * s - q1 * n) - q2 * n, cubeMod(s, n));
        assert.is(cubeMod(s, n), (s * s * s) % n);
      },
    ),
  );
});

test.run();
