// SPDX-License-Identifier: Apache-2.0
// The owner of an SEV guest against a platform that is played by openssl, and against the vectors.
import { readSevCertificate, SEV_CERT } from '@motte/sign/sev/certificates';
import { ecKey, isSignedBy } from '@motte/sign/sev/certificates-node';
import { SECRET_HEADER, SESSION } from '@motte/sign/sev/owner';
import { sameBytes } from '@motte/test-helpers/bytes';
import { VECTORS, haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { createPublicKey } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE, json, refusal } from './motte.js';
import { sevPlatform } from './sev-platform.js';
import { have, opensslIn } from './tools.js';

const folder = join(PLACE, 'sev-owner');
mkdirSync(folder);
const at = (name: string): string => join(folder, name);
const here = { cwd: folder };
const openssl = opensslIn(folder);
const NAMES = ['ark', 'ask', 'cek', 'oca', 'pek', 'pdh'] as const;
const { chain, pdh } = sevPlatform();
for (const name of NAMES) writeFileSync(at(name), chain[name] ?? '');
writeFileSync(
  at('sev.chain'),
  Buffer.concat(['pdh', 'pek', 'oca', 'cek'].map((name) => chain[name] ?? new Uint8Array(0))),
);
const CHAIN = ['--chain', 'sev.chain', '--chain', 'ask', '--chain', 'ark'];
const DIGEST = '5e'.repeat(32);
const API = ['--policy', '1', '--api-major', '1', '--api-minor', '24', '--build-id', '7'];
const LAUNCH = ['--tik', 'vm_tik.bin', '--launch-measure', 'measure', '--measurement', DIGEST, ...API];
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** HMAC-SHA-256 by the openssl command. */
function mac(key: Uint8Array, ...parts: readonly (Uint8Array | string)[]): Buffer {
  writeFileSync(at('mac-in'), Buffer.concat(parts.map((part) => Buffer.from(part))));
  return openssl('dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${hex(key)}`, '-binary', 'mac-in');
}

/** The SEV API's key derivation, 16 bytes: one block, number 1, of 128 bits. */
function derived(key: Uint8Array, label: string, context: Uint8Array): Buffer {
  return mac(key, Uint8Array.of(1, 0, 0, 0), label, '\0', context, Uint8Array.of(128, 0, 0, 0)).subarray(
    0,
    16,
  );
}

function decrypted(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Buffer {
  writeFileSync(at('aes-in'), data);
  return openssl('enc', '-d', '-aes-128-ctr', '-K', hex(key), '-iv', hex(iv), '-in', 'aes-in');
}

test('a chain is read from any files, and each link is looked at', () => {
  const whole = json(['verify', 'sev-chain', ...CHAIN], 'verify sev-chain', here);
  const six = NAMES.flatMap((name) => ['--chain', name]);
  assert.equal(json(['verify', 'sev-chain', ...six], 'verify sev-chain', here), whole);
  assert.equal([whole['rsaBits'], whole['api']], [2048, '0.24']);
  for (const name of NAMES) {
    // A byte of the key: it is signed, and the certificate is still of its form.
    const offset = name === 'ark' || name === 'ask' ? 0x40 + 256 + 5 : SEV_CERT.offsetOf('x') + 5;
    writeFileSync(
      at('bad'),
      (chain[name] ?? new Uint8Array(0)).map((byte, i) => (i === offset ? byte ^ 1 : byte)),
    );
    const args = NAMES.flatMap((one) => ['--chain', one === name ? 'bad' : one]);
    assert.is(refusal(['verify', 'sev-chain', ...args], here), `3 SEV_CHAIN ${name}`);
  }
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['2 SEV_CERTIFICATE ask', CHAIN.filter((word, i) => word !== 'ask' && i !== 2)],
    ['2 SEV_CERTIFICATE pdh', [...CHAIN, '--chain', 'pdh']],
    ['2 STRUCT_TRUNCATED AMD certificate', ['--chain', 'measure']],
    ['64 USAGE_VALUE --chain', []],
  ];
  writeFileSync(at('measure'), 'short');
  for (const [expected, args] of cases)
    assert.is(refusal(['verify', 'sev-chain', ...args], here), expected, args.join(' '));
});

test('an owner’s authority signs itself, and each certificate has the digest that a chain has for it', () => {
  const made = json(
    ['key', 'create', 'sev', '-o', 'oca.pem', '--public', 'oca.cert'],
    'key create sev',
    here,
  );
  assert.is(statSync(at('oca.pem')).mode & 0o777, 0o600);
  assert.is(refusal(['key', 'create', 'sev', '-o', 'oca.pem'], here), '2 FILE_EXISTS oca.pem');
  const certificate = readSevCertificate(readFileSync(at('oca.cert')));
  assert.equal([certificate.values.usage, certificate.values.sig1_usage], [0x1001, 0x1001]);
  assert.ok(isSignedBy(certificate, 1, certificate));
  const digest = json(['key', 'digest', 'sev', 'oca.cert'], 'key digest sev', here);
  assert.equal(digest, { usage: 'oca', certificateDigest: made['certificateDigest'] });
  const whole = json(['verify', 'sev-chain', ...CHAIN], 'verify sev-chain', here);
  for (const name of ['ark', 'oca', 'pdh'] as const)
    assert.equal(json(['key', 'digest', 'sev', name], 'key digest sev', here), {
      usage: name,
      certificateDigest: whole[`${name}Digest`],
    });
  assert.is(refusal(['key', 'digest', 'sev', 'sev.chain'], here), '2 SEV_CERTIFICATE pdh');
  if (!have('openssl')) return console.log('skipped: an OCA by openssl: it is not installed');
  // The key in the certificate is that of the file, and the signature is one to openssl.
  openssl('pkey', '-in', 'oca.pem', '-pubout', '-out', 'oca.pub');
  const key = ecKey(certificate);
  assert.is(key?.export({ type: 'spki', format: 'pem' }), readFileSync(at('oca.pub'), 'utf8'));
  const [r, s] = [certificate.values.sig1.subarray(0, 48), certificate.values.sig1.subarray(72, 120)];
  const sequence = `asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x${hex(r.toReversed())}\ns=INTEGER:0x${hex(s.toReversed())}\n`;
  writeFileSync(at('asn1'), sequence);
  openssl('asn1parse', '-genconf', 'asn1', '-noout', '-out', 'oca.sig');
  writeFileSync(at('oca.signed'), certificate.signed);
  openssl('dgst', '-sha256', '-verify', 'oca.pub', '-signature', 'oca.sig', 'oca.signed');
});

test('a platform unwraps the session, and the owner’s keys are private', () => {
  if (!have('openssl')) return console.log('skipped: an SEV platform by openssl: it is not installed');
  const args = ['sev', 'session', ...CHAIN, '--policy', '1', '-o', 'vm'];
  const paths = json(args, 'sev session', here);
  assert.equal(Object.values(paths), ['vm_godh.b64', 'vm_session.b64', 'vm_tik.bin', 'vm_tek.bin']);
  for (const name of ['vm_tik.bin', 'vm_tek.bin']) assert.is(statSync(at(name)).mode & 0o777, 0o600);
  const [tik, tek] = [readFileSync(at('vm_tik.bin')), readFileSync(at('vm_tek.bin'))];
  assert.is(refusal(args, here), '2 FILE_EXISTS vm_godh.b64');
  sameBytes(readFileSync(at('vm_tik.bin')), tik);
  const read = (name: string): Buffer => Buffer.from(readFileSync(at(name), 'utf8'), 'base64');
  const owner = SEV_CERT.readStrict(read('vm_godh.b64'));
  assert.equal([owner.usage, owner.algorithm, owner.curve, owner.sig1_usage], [0x1003, 3, 2, 0x1000]);
  const [x, y] = [owner.x, owner.y].map((half) =>
    Buffer.from(half.subarray(0, 48).toReversed()).toString('base64url'),
  );
  assert.ok(x !== undefined && y !== undefined);
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-384', x, y }, format: 'jwk' });
  writeFileSync(at('owner.pem'), key.export({ type: 'spki', format: 'pem' }));
  writeFileSync(at('pdh.pem'), pdh.export({ type: 'pkcs8', format: 'pem' }));
  const z = openssl('pkeyutl', '-derive', '-inkey', 'pdh.pem', '-peerkey', 'owner.pem');
  const session = SESSION.read(read('vm_session.b64'));
  const none = new Uint8Array(0);
  const master = derived(z, 'sev-master-secret', session.nonce);
  const [kek, kik] = [derived(master, 'sev-kek', none), derived(master, 'sev-kik', none)];
  sameBytes(mac(kik, session.wrap_tk), session.wrap_mac);
  sameBytes(decrypted(kek, session.wrap_iv, session.wrap_tk), Buffer.concat([tek, tik]));
  sameBytes(mac(tik, Uint8Array.of(1, 0, 0, 0)), session.policy_mac);
});

test('a launch is verified by what the platform answers, and only then gets a secret', () => {
  if (!have('openssl')) return;
  const [tik, tek, mnonce] = [
    readFileSync(at('vm_tik.bin')),
    readFileSync(at('vm_tek.bin')),
    Buffer.alloc(16, 9),
  ];
  const measure = mac(tik, Uint8Array.of(4, 1, 24, 7, 1, 0, 0, 0), Buffer.from(DIGEST, 'hex'), mnonce);
  writeFileSync(at('measure'), Buffer.concat([measure, mnonce]).toString('base64'));
  const verified = json(['verify', 'sev-launch', ...LAUNCH], 'verify sev-launch', here);
  assert.equal(verified, { measurement: DIGEST, measure: hex(measure) });
  writeFileSync(at('secret'), 'a passphrase');
  const guid = '736869e5-84f0-4973-92ec-06879ce3da0b';
  const seal = [
    'sev',
    'secret',
    '--tek',
    'vm_tek.bin',
    '--header',
    'header',
    '-o',
    'payload',
    '--secret',
    `${guid}:secret`,
  ];
  json([...seal, ...LAUNCH], 'sev secret', here);
  const [header, payload] = [SECRET_HEADER.read(readFileSync(at('header'))), readFileSync(at('payload'))];
  const length = Buffer.alloc(4);
  length.writeUInt32LE(payload.length);
  sameBytes(mac(tik, Uint8Array.of(1, 0, 0, 0, 0), header.iv, length, length, payload, measure), header.mac);
  const table = decrypted(tek, header.iv, payload);
  const entry = `e5696873f084734992ec06879ce3da0b20000000${hex(Buffer.from('a passphrase'))}`;
  const expected = `42f5741edd71664d963eef4287ff173b34000000${entry}`;
  assert.is(table.toString('hex'), expected.padEnd(128, '0'));
  const change = (name: string, value: string): string[] => LAUNCH.with(LAUNCH.indexOf(name) + 1, value);
  writeFileSync(at('other'), Buffer.alloc(48));
  writeFileSync(at('zero'), Buffer.alloc(16));
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['3 SEV_LAUNCH measure', change('--measurement', '5f'.repeat(32))],
    ['3 SEV_LAUNCH measure', change('--policy', '0')],
    ['3 SEV_LAUNCH measure', change('--api-major', '0')],
    ['3 SEV_LAUNCH measure', change('--api-minor', '0x17')],
    ['3 SEV_LAUNCH measure', change('--build-id', '8')],
    ['3 SEV_LAUNCH measure', change('--launch-measure', 'other')],
    ['3 SEV_LAUNCH measure', change('--tik', 'zero')],
    ['2 SEV_INPUT tik', change('--tik', 'other')],
    ['2 STRUCT_TRUNCATED LAUNCH_MEASURE', change('--launch-measure', 'zero')],
    ['64 USAGE_VALUE --build-id', change('--build-id', '256')],
    ['2 HEX_INVALID --measurement', change('--measurement', '5e')],
  ];
  for (const [expectedError, args] of cases) {
    assert.is(refusal(['verify', 'sev-launch', ...args], here), expectedError, args.join(' '));
    const none = seal.map((word) => (word === 'payload' || word === 'header' ? 'none' : word));
    assert.is(refusal([...none, ...args], here), expectedError, 'no secret either');
  }
  assert.throws(() => statSync(at('none')), /ENOENT/);
  for (const secret of ['secret', `${guid}:`, `${guid.slice(1)}x:secret`])
    assert.match(
      refusal([...seal.slice(0, -1), secret, ...LAUNCH], here),
      /^64 USAGE_VALUE --secret$|^2 SEV_INPUT GUID$/u,
    );
});

if (!haveVectors('sev-legacy')) console.log(`skipped: SEV of others: no vectors at ${VECTORS}`);
else {
  test('the chain of a real platform is genuine', () => {
    for (const name of NAMES) writeFileSync(at(`n-${name}`), vector('sev-legacy', `naples_${name}.cert`));
    const args = NAMES.flatMap((name) => ['--chain', `n-${name}`]);
    assert.is(json(['verify', 'sev-chain', ...args], 'verify sev-chain', here)['api'], '0.16');
    writeFileSync(at('n-bad'), vector('sev-legacy', 'naples_ark.cert.bad'));
    const bad = args.map((word) => (word === 'n-ark' ? 'n-bad' : word));
    assert.is(refusal(['verify', 'sev-chain', ...bad], here), '2 SEV_CERTIFICATE certificate');
  });

  test('measurements of others are verified', () => {
    type Row = Record<string, string | number>;
    const data = vectorJson('sev-legacy', 'sev.json') as { known_answers: Row[]; launch_measure: Row[] };
    const rows = [
      ...data.known_answers.filter((row) => row['measure'] !== undefined),
      ...data.launch_measure.slice(0, 5),
    ];
    assert.ok(rows.length >= 6);
    for (const row of rows) {
      writeFileSync(at('v-tik'), Buffer.from(String(row['tik']), 'hex'));
      writeFileSync(at('v-measure'), Buffer.from(`${String(row['measure'])}${String(row['mnonce'])}`, 'hex'));
      const numbers = {
        policy: 'policy',
        'api-major': 'api_major',
        'api-minor': 'api_minor',
        'build-id': 'build',
      };
      const api = Object.entries(numbers).flatMap(([option, name]) => [`--${option}`, String(row[name])]);
      const files = [
        '--tik',
        'v-tik',
        '--launch-measure',
        'v-measure',
        '--measurement',
        String(row['digest']),
      ];
      const found = json(['verify', 'sev-launch', ...files, ...api], 'verify sev-launch', here);
      assert.is(found['measure'], row['measure']);
    }
  });
}

test.run();
