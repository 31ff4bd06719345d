// SPDX-License-Identifier: Apache-2.0
// What we say of every signature of a real chain is what the command openssl says of it.
import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readAmdCertificate, readSevCertificate } from '@motte/sign/sev/certificates';
import type { AmdCertificate, SevCertificate } from '@motte/sign/sev/certificates';
import { ecKey, isSignedBy, isSignedByAmd } from '@motte/sign/sev/certificates-node';
import { tempFolder } from '@motte/test-helpers/temp';
import { haveVectors, vector } from '@motte/test-helpers/vectors';

const PSS = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:auto'];

function put(folder: string, name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function opensslSays(key: KeyObject, signed: Uint8Array, signature: Uint8Array, options: string[]): boolean {
  const folder = tempFolder('motte-sev-openssl');
  const pem = put(folder, 'key.pem', key.export({ type: 'spki', format: 'pem' }));
  const args = ['-sha256', '-verify', pem, ...options, '-signature', put(folder, 'signature', signature)];
  const ran = spawnSync('openssl', ['dgst', ...args, put(folder, 'signed', signed)], { encoding: 'utf8' });
  assert.match(ran.stdout, /^Verified OK|^Verification failure|^Error/mu, ran.stderr);
  return ran.status === 0;
}

function rsaOf({ modulus, exponent }: AmdCertificate): KeyObject {
  const e = Buffer.from(exponent.toString(16).padStart(8, '0'), 'hex').toString('base64url');
  const n = Buffer.from(modulus.toReversed()).toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
}

/** An integer of DER, from 72 bytes of which the last are its first. */
function derInteger(littleEndian: Uint8Array): Uint8Array {
  const bytes = littleEndian.toReversed();
  const from = bytes.findIndex((byte) => byte !== 0);
  const value = from < 0 ? Uint8Array.of(0) : bytes.subarray(from);
  const body = (value[0] ?? 0) < 0x80 ? [...value] : [0, ...value];
  return Uint8Array.from([2, body.length, ...body]);
}

function derSignature(signature: Uint8Array): Uint8Array {
  const body = [signature.subarray(0, 72), signature.subarray(72, 144)].flatMap((half) => [
    ...derInteger(half),
  ]);
  return Uint8Array.from([0x30, body.length, ...body]);
}

if (!haveVectors('sev-legacy')) console.log('skipped: a real chain: no vectors sev-legacy (MOTTE_VECTORS)');
else if (spawnSync('openssl', ['version']).status !== 0)
  console.log('skipped: a real chain: openssl is not installed');
else {
  const file = (name: string): Uint8Array => vector('sev-legacy', `naples_${name}.cert`);
  const [ark, ask] = ['ark', 'ask'].map((name) => readAmdCertificate(file(name)));
  const [cek, oca, pek, pdh] = ['cek', 'oca', 'pek', 'pdh'].map((name) => readSevCertificate(file(name)));
  assert.ok(ark && ask && cek && oca && pek && pdh);

  const RSA: readonly [name: string, signed: Uint8Array, signature: Uint8Array, ours: boolean][] = [
    ['the ARK by itself', ark.signed, ark.signature, isSignedByAmd(ark, ark)],
    ['the ASK by the ARK', ask.signed, ask.signature, isSignedByAmd(ask, ark)],
    ['the ASK’s signature on the ARK', ark.signed, ask.signature, false],
  ];
  for (const [name, signed, signature, ours] of RSA) {
    test(`RSA-PSS: ${name}`, () => {
      assert.is(opensslSays(rsaOf(ark), signed, signature.toReversed(), PSS), ours);
    });
  }

  test('RSA-PSS: the CEK by the ASK', () => {
    const signature = cek.values.sig1.subarray(0, ask.modulus.length).toReversed();
    assert.ok(isSignedBy(cek, 1, ask));
    assert.ok(opensslSays(rsaOf(ask), cek.signed, signature, PSS));
  });

  const EC: readonly [name: string, certificate: SevCertificate, number: 1 | 2, by: SevCertificate][] = [
    ['the OCA by itself', oca, 1, oca],
    ['the PEK by the OCA', pek, 1, oca],
    ['the PEK by the CEK', pek, 2, cek],
    ['the PDH by the PEK', pdh, 1, pek],
    ['the PDH by the OCA, who did not', pdh, 1, oca],
  ];
  for (const [name, certificate, number, by] of EC) {
    test(`ECDSA: ${name}`, () => {
      const key = ecKey(by);
      assert.ok(key);
      const { sig1, sig2 } = certificate.values;
      const theirs = opensslSays(key, certificate.signed, derSignature(number === 1 ? sig1 : sig2), []);
      assert.is(isSignedBy(certificate, number, by), theirs);
      assert.is(theirs, !name.includes('did not'));
    });
  }
}

test.run();
