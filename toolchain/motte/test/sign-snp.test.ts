// SPDX-License-Identifier: Apache-2.0
// ID blocks: those of the vectors to the last bit, those that openssl signs, and each that must be refused.
import { fieldSize, isReserved } from '@motte/binary/layout';
import { EC_KEY, EC_SIGNATURE, ID_AUTH, ID_BLOCK } from '@motte/sign/snp/id-block';
import { sameBytes } from '@motte/test-helpers/bytes';
import { VECTORS, haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE, json, motte, refusal } from './motte.js';
import { have, opensslIn } from './tools.js';

const folder = join(PLACE, 'sign-snp');
mkdirSync(folder);
const at = (name: string): string => join(folder, name);
const here = { cwd: folder };
const openssl = opensslIn(folder);
const LD = 'a5'.repeat(48);
const MEASURED = ['--measurement', LD, '--guest-svn', '3', '--family-id', '01'.repeat(16)];
const FILES = ['--id-block', 'block', '--id-auth', 'auth'];
const VERIFY = ['verify', 'snp-id', ...FILES];

test('keys are private, and known by the digest that reports have', () => {
  for (const name of ['id', 'author']) {
    const args = ['key', 'create', 'snp', '-o', `${name}.pem`];
    const made = json([...args, '--public', `${name}.pub`], 'key create snp', here);
    assert.is(statSync(at(`${name}.pem`)).mode & 0o777, 0o600);
    assert.is(refusal(args, here), `2 FILE_EXISTS ${name}.pem`);
    for (const half of [`${name}.pem`, `${name}.pub`])
      assert.is(json(['key', 'digest', 'snp', half], 'key digest snp', here)['keyDigest'], made['keyDigest']);
  }
});

test('what is signed verifies, says the same, and is signed again to the same bytes', () => {
  const keys = ['--key', 'id.pem', '--author-key', 'author.pem'];
  for (const given of [keys, keys.slice(0, 2)]) {
    const signed = json(['sign', 'snp', ...MEASURED, ...given, ...FILES], 'sign snp', here);
    const [block, auth] = ['block', 'auth'].map((name) => readFileSync(at(name)));
    assert.equal([block?.length, auth?.length], [96, 4096]);
    assert.is(signed['idBlock'], block?.toString('base64'));
    const shown = json([...VERIFY, '--measurement', LD], 'verify snp-id', here);
    for (const [name, value] of Object.entries(shown)) assert.is(signed[name], value, name);
    assert.equal([shown['guestSvn'], shown['policy'], shown['version']], [3, '0x30000', 1]);
    const digest = (key: string): unknown =>
      json(['key', 'digest', 'snp', key], 'key digest snp', here)['keyDigest'];
    assert.is(shown['idKeyDigest'], digest('id.pub'));
    assert.is(shown['authorKeyDigest'], given === keys ? digest('author.pub') : null);
    const { stdout } = motte(['sign', 'snp', ...MEASURED, ...given], here);
    const on = given === keys ? 'on' : 'off';
    const expected = `policy=0x30000,id-block=${String(signed['idBlock'])},id-auth=${String(signed['idAuth'])}`;
    assert.is(stdout, `${expected},author-key-enabled=${on}\n`);
  }
});

test('openssl verifies both signatures, and signs for keys that are elsewhere', () => {
  if (!have('openssl')) return console.log('skipped: signing by openssl: it is not installed');
  const digest = json(
    ['sign', 'snp', ...MEASURED, '--digest-out', 'd', '--message-out', 'm'],
    'sign snp',
    here,
  );
  assert.is(
    createHash('sha384')
      .update(readFileSync(at('m')))
      .digest('hex'),
    digest['digest'],
  );
  json(
    ['key', 'digest', 'snp', 'id.pub', '--digest-out', 'kd', '--message-out', 'km'],
    'key digest snp',
    here,
  );
  assert.is(readFileSync(at('km')).length, EC_KEY.size);
  openssl('pkeyutl', '-sign', '-inkey', 'id.pem', '-in', 'd', '-out', 'id.der');
  openssl('dgst', '-sha384', '-sign', 'author.pem', '-out', 'author.der', 'km');
  const elsewhere = ['--key', 'id.pub', '--signature-in', 'id.der', '--author-key', 'author.pub'];
  json(
    ['sign', 'snp', ...MEASURED, ...elsewhere, '--author-signature-in', 'author.der', ...FILES],
    'sign snp',
    here,
  );
  assert.is(motte([...VERIFY, '--measurement', LD], here).status, 0);
  json(
    ['sign', 'snp', ...MEASURED, '--key', 'id.pem', '--author-key', 'author.pem', ...FILES],
    'sign snp',
    here,
  );
  const auth = ID_AUTH.read(readFileSync(at('auth')));
  for (const [signature, message, key] of [
    [auth.id_block_sig, 'block', 'id.pub'],
    [auth.id_key_sig, 'km', 'author.pub'],
  ] as const) {
    const { r, s } = EC_SIGNATURE.read(signature);
    const number = (half: Uint8Array): string =>
      `INTEGER:0x${Buffer.from(half.subarray(0, 48).toReversed()).toString('hex')}`;
    writeFileSync(at('asn1.cnf'), `asn1=SEQUENCE:s\n[s]\nr=${number(r)}\ns=${number(s)}\n`);
    openssl('asn1parse', '-genconf', 'asn1.cnf', '-noout', '-out', 'ours.der');
    openssl('dgst', '-sha384', '-verify', key, '-signature', 'ours.der', message);
  }
});

test('signatures of other bytes, other keys and other files are refused', () => {
  if (!have('openssl')) return;
  const sign = ['sign', 'snp', ...MEASURED];
  const other = ['sign', 'snp', '--measurement', '00'.repeat(48)];
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['3 SNP_ID_SIGNATURE id.der', [...other, '--key', 'id.pub', '--signature-in', 'id.der']],
    ['3 SNP_ID_SIGNATURE id.der', [...sign, '--key', 'author.pub', '--signature-in', 'id.der']],
    ['2 SNP_ID signature', [...sign, '--key', 'id.pub', '--signature-in', 'd']],
    ['2 SIGN_KEY key', [...sign, '--key', 'id.pub']],
    ['64 USAGE_VALUE --key', sign],
    ['64 USAGE_VALUE --author-key', [...sign, '--key', 'id.pem', '--author-signature-in', 'author.der']],
    ['64 USAGE_VALUE --measurement', ['sign', 'snp', '--key', 'id.pem']],
    ['2 HEX_INVALID --measurement', ['sign', 'snp', '--measurement', 'a5', '--key', 'id.pem']],
    ['2 HEX_INVALID --image-id', [...sign, '--image-id', '1', '--key', 'id.pem']],
    ['64 USAGE_VALUE --policy', [...sign, '--policy', '0x10000000000000000', '--key', 'id.pem']],
    [
      '64 USAGE_VALUE --guest-svn',
      ['sign', 'snp', '--measurement', LD, '--guest-svn', '-1', '--key', 'id.pem'],
    ],
    ['64 USAGE_VALUE --key', [...sign, '--digest-out', 'x', '--key', 'id.pem']],
    ['1 SNP_ID_OTHER ld', [...VERIFY, '--measurement', '00'.repeat(48)]],
    ['2 SNP_ID ID_BLOCK', ['verify', 'snp-id', '--id-block', 'auth', '--id-auth', 'auth']],
    ['2 SNP_ID ID_AUTH', ['verify', 'snp-id', '--id-block', 'block', '--id-auth', 'block']],
    ['64 USAGE_VALUE --id-auth', ['verify', 'snp-id', '--id-block', 'block']],
  ];
  for (const [expected, args] of cases) assert.is(refusal(args, here), expected, args.join(' '));
});

/** How a verdict of the vectors, or of our checks, is told. */
function told(check: string): string {
  return `${check.endsWith('signature') ? '3 SNP_ID_SIGNATURE' : '2 SNP_ID_REFUSED'} ${check}`;
}

test('a flipped bit in each field is refused for what the field is', () => {
  const signed = ['--key', 'id.pem', '--author-key', 'author.pem', ...FILES];
  json(['sign', 'snp', ...MEASURED, ...signed], 'sign snp', here);
  const [block, auth] = [readFileSync(at('block')), readFileSync(at('auth'))];
  const flipped = (bytes: Uint8Array, offset: number): Uint8Array =>
    bytes.map((byte, i) => (i === offset ? byte ^ 1 : byte));
  const check = (files: { block?: Uint8Array; auth?: Uint8Array }, expected: string, name: string): void => {
    writeFileSync(at('bad-block'), files.block ?? block);
    writeFileSync(at('bad-auth'), files.auth ?? auth);
    const args = ['verify', 'snp-id', '--id-block', 'bad-block', '--id-auth', 'bad-auth'];
    assert.is(refusal(args, here), told(expected), name);
  };
  for (const { name, at: offset } of ID_BLOCK.fields)
    check({ block: flipped(block, offset) }, name === 'version' ? 'version' : 'id_block signature', name);
  const reasons: Readonly<Record<string, string>> = {
    id_key_algo: 'algo',
    auth_key_algo: 'algo',
    id_block_sig: 'id_block signature',
    id_key: 'curve',
    id_key_sig: 'id_key signature',
    author_key: 'curve',
  };
  for (const field of ID_AUTH.fields) {
    const reason = isReserved(field) ? 'reserved' : reasons[field.name];
    check({ auth: flipped(auth, field.at) }, reason ?? '', field.name);
    const last = field.at + fieldSize(field.type) - 1;
    if (isReserved(field)) check({ auth: flipped(auth, last) }, 'reserved', `${field.name}, its end`);
  }
  for (const [outer, inner] of [
    ['id_key', EC_KEY],
    ['author_key', EC_KEY],
    ['id_block_sig', EC_SIGNATURE],
    ['id_key_sig', EC_SIGNATURE],
  ] as const)
    for (const field of inner.fields.filter((one) => isReserved(one) || one.type === 'bytes72')) {
      const last = ID_AUTH.offsetOf(outer) + field.at + fieldSize(field.type) - 1;
      check({ auth: flipped(auth, last) }, 'reserved-in-key-or-sig', `${outer}.${field.name}`);
    }
});

if (!haveVectors('snp-id-block')) console.log(`skipped: ID blocks of others: no vectors at ${VECTORS}`);
else {
  const data = vectorJson('snp-id-block', 'idblock.json') as {
    keys: Record<string, { id_key: string; author_key: string }>;
    deterministic_rows: Record<string, string | number>[];
    negatives: {
      base_id_block_b64: string;
      base_id_auth: string;
      rows: {
        name: string;
        target: string;
        offset: number;
        xor?: number;
        value?: number;
        hex?: string;
        verdict: string;
      }[];
    };
  };

  test('sign snp makes the vectors’ bytes', () => {
    const { deterministic_rows: rows, keys } = data;
    const few = rows.filter((row, i) => i % 8 === 0 || row['id_auth_file'] !== undefined);
    assert.ok(few.length >= 4);
    for (const row of few) {
      const pair = keys[String(row['keys'])];
      assert.ok(pair);
      writeFileSync(at('v-id.pem'), vector('snp-id-block', pair.id_key));
      writeFileSync(at('v-author.pem'), vector('snp-id-block', pair.author_key));
      const options = { measurement: 'launch_digest', 'family-id': 'family_id', 'image-id': 'image_id' };
      const values = Object.entries({ ...options, 'guest-svn': 'guest_svn', policy: 'policy' });
      const args = values.flatMap(([option, name]) => [`--${option}`, String(row[name])]);
      const keyArgs = ['--key', 'v-id.pem', '--author-key', 'v-author.pem'];
      const signed = json(['sign', 'snp', ...args, ...keyArgs, ...FILES], 'sign snp', here);
      assert.is(readFileSync(at('block')).toString('hex'), row['id_block']);
      const auth = readFileSync(at('auth'));
      assert.is(createHash('sha384').update(auth).digest('hex'), row['id_auth_sha384']);
      assert.equal(
        [signed['idKeyDigest'], signed['authorKeyDigest']],
        [row['id_key_digest'], row['author_key_digest']],
      );
      if (row['id_auth_file'] !== undefined)
        sameBytes(auth, vector('snp-id-block', String(row['id_auth_file'])));
    }
  });

  test('verify snp-id takes base64, and refuses each negative for its reason', () => {
    const { base_id_block_b64: block64, base_id_auth: authFile, rows } = data.negatives;
    const base = {
      id_block: Buffer.from(block64, 'base64'),
      id_auth: Buffer.from(vector('snp-id-block', authFile)),
    };
    writeFileSync(at('n-block'), `${block64}\n`);
    writeFileSync(at('n-auth'), base.id_auth.toString('base64'));
    const args = ['verify', 'snp-id', '--id-block', 'n-block', '--id-auth', 'n-auth'];
    json(args, 'verify snp-id', here);
    assert.ok(rows.length >= 9);
    for (const { name, target, offset, xor, value, hex, verdict } of rows) {
      const bad = { id_block: Buffer.from(base.id_block), id_auth: Buffer.from(base.id_auth) };
      const bytes = target === 'id_block' ? bad.id_block : bad.id_auth;
      if (hex === undefined) bytes[offset] = (bytes[offset] ?? 0) ^ (xor ?? value ?? 0);
      else bytes.set(Buffer.from(hex, 'hex'), offset);
      writeFileSync(at('n-block'), bad.id_block);
      writeFileSync(at('n-auth'), bad.id_auth);
      assert.is(refusal(args, here), told(verdict), name);
    }
  });
}

test.run();
