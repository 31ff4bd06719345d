// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey, hkdfSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { newSha3With512, newSha512 } from '@motte/measure/hash';
import { expandSeed, publicKeyOf, signEd25519, verifyEd25519 } from '@motte/sign/ed25519';
import { deriveMonitorKeys, signKeystoneReport } from '@motte/sign/keystone/boot';
import { KEYSTONE_REPORT, readKeystoneReport, verifyKeystoneReport } from '@motte/sign/keystone/report';
import { sealingKey } from '@motte/sign/keystone/sealing';
import { attestSanctum, verifySanctumAttestation } from '@motte/sign/sanctum/attestation';
import { codeAndField } from '@motte/test-helpers/errors';

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const few = { numRuns: 15 };

/** Prefixes of DER around a raw key. RFC 8410. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

test('with SHA-512 it is Ed25519 as OpenSSL has it, both ways', () => {
  fc.assert(
    fc.property(bytes(32), fc.uint8Array({ maxLength: 200 }), (seed, message) => {
      const secret = expandSeed(seed, newSha512);
      const publicKey = publicKeyOf(secret);
      const own = signEd25519(message, secret, newSha512);
      const theirs = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
      const spki = Buffer.concat([SPKI, publicKey]);
      const theirPublic = createPublicKey({ key: spki, format: 'der', type: 'spki' });
      assert.is(toHex(own), sign(null, message, theirs).toString('hex'));
      assert.ok(verify(null, message, theirPublic, own));
      assert.ok(verifyEd25519(own, message, publicKey, newSha512));
    }),
    few,
  );
});

const SEED = Uint8Array.from({ length: 32 }, (_, i) => i);
const SECRET = expandSeed(SEED, newSha3With512);
const PUBLIC = publicKeyOf(SECRET);
const MESSAGE = Uint8Array.of(1, 2, 3);
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

function withS(signature: Uint8Array, change: (s: bigint) => bigint): Uint8Array {
  const s = change(BigInt(`0x${toHex(signature.subarray(32).toReversed())}`));
  const digits = s.toString(16).padStart(64, '0');
  return new Uint8Array([...signature.subarray(0, 32), ...Buffer.from(digits, 'hex').toReversed()]);
}

test('a signature is genuine in one form only', () => {
  const genuine = signEd25519(MESSAGE, SECRET, newSha3With512);
  const check = (signature: Uint8Array, key: Uint8Array = PUBLIC): boolean =>
    verifyEd25519(signature, MESSAGE, key, newSha3With512);
  assert.ok(check(genuine));
  assert.not.ok(check(withS(genuine, (s) => s + ORDER)));
  assert.not.ok(check(withS(genuine, (s) => (s + 1n) % ORDER)));
  for (let at = 0; at < 64; at++)
    assert.not.ok(check(genuine.map((byte, i) => (i === at ? byte ^ 0x10 : byte))), `byte ${at}`);
  // With the neutral element for a key, S = 0 and R = 1 would be genuine for every message.
  const neutral = new Uint8Array(32);
  neutral[0] = 1;
  assert.not.ok(check(new Uint8Array([...neutral, ...new Uint8Array(32)]), neutral));
  // 2^255 - 18 is another spelling of the same y.
  const twice = new Uint8Array(32).fill(0xff);
  [twice[0], twice[31]] = [0xee, 0x7f];
  assert.not.ok(check(genuine, twice));
  assert.not.ok(verifyEd25519(genuine, MESSAGE, PUBLIC, newSha512), 'another hash');
});

test('keys and signatures of another length or form are refused', () => {
  const table: [string, () => unknown][] = [
    ['ED25519_INPUT seed', () => expandSeed(new Uint8Array(31), newSha512)],
    ['ED25519_INPUT secret key', () => publicKeyOf(new Uint8Array(32))],
    ['ED25519_INPUT secret key', () => publicKeyOf(SECRET.map((b, i) => (i === 0 ? b | 1 : b)))],
    ['ED25519_INPUT secret key', () => publicKeyOf(SECRET.map((b, i) => (i === 31 ? b | 0x80 : b)))],
    ['ED25519_INPUT signature', () => verifyEd25519(new Uint8Array(63), MESSAGE, PUBLIC, newSha512)],
    [
      'ED25519_INPUT public key',
      () => verifyEd25519(new Uint8Array(64), MESSAGE, SEED.subarray(1), newSha512),
    ],
    ['KEYSTONE_INPUT monitor hash', () => deriveMonitorKeys(SECRET, SEED)],
    ['KEYSTONE_INPUT enclave hash', () => sealingKey(SECRET, SEED, SEED)],
    ['KEYSTONE_INPUT monitor secret key', () => sealingKey(SEED, SECRET, SEED)],
    ['ED25519_INPUT measurement', () => attestSanctum(SECRET, SEED)],
    ['KEYSTONE_REPORT report', () => readKeystoneReport(new Uint8Array(1351))],
    ['KEYSTONE_REPORT report', () => readKeystoneReport(new Uint8Array(1353))],
  ];
  for (const [expected, run] of table) assert.is(codeAndField(run), expected);
});

test('sealing keys are HKDF as OpenSSL has it', () => {
  fc.assert(
    fc.property(bytes(64), bytes(64), fc.uint8Array({ maxLength: 100 }), (secret, hash, identifier) => {
      const info = Buffer.concat([hash, identifier]);
      const expected = hkdfSync('sha3-512', secret, '', info, 128);
      assert.is(toHex(sealingKey(secret, hash, identifier)), Buffer.from(expected).toString('hex'));
    }),
    few,
  );
});

const HASH = Uint8Array.from({ length: 64 }, (_, i) => 255 - i);

function report(data: Uint8Array): Uint8Array {
  const monitor = deriveMonitorKeys(SECRET, HASH);
  return signKeystoneReport({ enclaveHash: HASH, data, monitorHash: HASH, monitor, deviceKey: PUBLIC });
}

test('what is in a report comes out of it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1024 }), (data) => {
      const found = verifyKeystoneReport(report(data), PUBLIC);
      assert.is(toHex(found.data), toHex(data));
      assert.is(toHex(found.enclave_hash), toHex(HASH));
    }),
    few,
  );
  const input = { enclaveHash: HASH, data: new Uint8Array(1025), monitorHash: HASH, deviceKey: PUBLIC };
  const monitor = deriveMonitorKeys(SECRET, HASH);
  assert.is(
    codeAndField(() => signKeystoneReport({ ...input, monitor })),
    'KEYSTONE_INPUT data',
  );
});

test('a flipped bit in any field is found, but for what nobody signs', () => {
  const genuine = report(Uint8Array.of(7, 8, 9));
  const expected: Record<string, string> = {
    enclave_hash: 'KEYSTONE_SIGNATURE enclave_signature',
    data_length: 'KEYSTONE_SIGNATURE enclave_signature',
    data: 'KEYSTONE_SIGNATURE enclave_signature',
    enclave_signature: 'KEYSTONE_SIGNATURE enclave_signature',
    monitor_hash: 'KEYSTONE_SIGNATURE monitor_signature',
    monitor_key: 'KEYSTONE_SIGNATURE monitor_signature',
    monitor_signature: 'KEYSTONE_SIGNATURE monitor_signature',
    device_key: 'accepted',
  };
  for (const { name, at } of KEYSTONE_REPORT.fields) {
    const changed = new Uint8Array(genuine);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.is(
      codeAndField(() => verifyKeystoneReport(changed, PUBLIC)),
      expected[name],
      name,
    );
  }
  const beyond = new Uint8Array(genuine);
  beyond[KEYSTONE_REPORT.offsetOf('data') + 3] = 1;
  assert.is(verifyKeystoneReport(beyond, PUBLIC).data.length, 3);
  const long = new Uint8Array(genuine);
  long[KEYSTONE_REPORT.offsetOf('data_length') + 1] = 5;
  assert.is(
    codeAndField(() => verifyKeystoneReport(long, PUBLIC)),
    'KEYSTONE_REPORT data_length',
  );
  const other = publicKeyOf(expandSeed(new Uint8Array(32), newSha3With512));
  const found = codeAndField(() => verifyKeystoneReport(genuine, other));
  assert.is(found, 'KEYSTONE_SIGNATURE monitor_signature');
});

test("Sanctum's attestation vouches for one measurement and key", () => {
  const attestation = attestSanctum(SECRET, HASH);
  assert.ok(verifySanctumAttestation(attestation, HASH, PUBLIC));
  assert.not.ok(verifySanctumAttestation({ ...attestation, publicKey: PUBLIC }, HASH, PUBLIC));
  assert.not.ok(verifySanctumAttestation(attestation, HASH.toReversed(), PUBLIC));
  assert.not.ok(verifySanctumAttestation(attestation, HASH, attestation.publicKey));
});

test.run();
