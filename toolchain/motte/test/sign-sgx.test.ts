// SPDX-License-Identifier: Apache-2.0
// SIGSTRUCTs with keys that the command never sees, and everything that is in one.
import { isReserved } from '@motte/binary/layout';
import { SIGSTRUCT } from '@motte/binary/sgx/sigstruct';
import { sameBytes } from '@motte/test-helpers/bytes';
import { VECTORS, haveVectors, vectorJson } from '@motte/test-helpers/vectors';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE, json, motte, refusal } from './motte.js';
import { smallSgxs } from './small-sgxs.js';
import { have, opensslIn } from './tools.js';

const folder = join(PLACE, 'sign-sgx');
mkdirSync(folder);
const at = (name: string): string => join(folder, name);
const here = { cwd: folder };
const openssl = opensslIn(folder);
writeFileSync(at('small.sgxs'), smallSgxs());
const SIGN = ['sign', 'sgx', 'small.sgxs', '--date', '2026-11-25'];
const signSgx = (...args: string[]): Record<string, unknown> => json([...SIGN, ...args], 'sign sgx', here);

test('the two steps sign what is signed in one', () => {
  json(['key', 'create', 'sgx', '-o', 'key.pem', '--public', 'pub.pem'], 'key create sgx', here);
  const whole = signSgx('--key', 'key.pem', '-o', 'whole.sig');
  const first = signSgx('--digest-out', 'digest.bin', '--message-out', 'message.bin');
  assert.is(readFileSync(at('digest.bin')).toString('hex'), first['digest']);
  assert.is(readFileSync(at('message.bin')).length, 256);
  if (!have('openssl')) return console.log('skipped: signing by openssl: it is not installed');
  // An HSM user's two ways: a digest that is wrapped by the tool, and bytes that are hashed by it.
  openssl(
    'pkeyutl',
    '-sign',
    '-inkey',
    'key.pem',
    '-pkeyopt',
    'digest:sha256',
    '-in',
    'digest.bin',
    '-out',
    'a.rsa',
  );
  openssl('dgst', '-sha256', '-sign', 'key.pem', '-out', 'b.rsa', 'message.bin');
  assert.is(openssl('dgst', '-sha256', '-r', 'message.bin').toString().split(' ')[0], first['digest']);
  for (const signature of ['a.rsa', 'b.rsa']) {
    const second = signSgx('--signature-in', signature, '--key', 'pub.pem', '-o', 'two.sig');
    assert.equal({ ...second, path: 'whole.sig' }, whole);
    sameBytes(readFileSync(at('two.sig')), readFileSync(at('whole.sig')));
  }
});

test('openssl verifies what the command signs', () => {
  if (!have('openssl')) return;
  const sigstruct = readFileSync(at('whole.sig'));
  const { signature } = SIGSTRUCT.read(sigstruct);
  writeFileSync(at('whole.rsa'), signature.toReversed());
  openssl('dgst', '-sha256', '-verify', 'pub.pem', '-signature', 'whole.rsa', 'message.bin');
});

test('a signature of another body, by another key, or of no form is refused, and writes nothing', () => {
  if (!have('openssl')) return;
  json(['key', 'create', 'sgx', '-o', 'other.pem', '--public', 'other.pub'], 'key create sgx', here);
  openssl('dgst', '-sha256', '-sign', 'other.pem', '-out', 'other.rsa', 'message.bin');
  openssl('genrsa', '-out', 'rsa65537.pem', '3072');
  writeFileSync(at('short.rsa'), readFileSync(at('a.rsa')).subarray(1));
  const second = ['--signature-in', 'a.rsa', '--key', 'pub.pem', '-o', 'none.sig'];
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['3 SIGSTRUCT_SIGNATURE SIGNATURE', ['sign', 'sgx', 'small.sgxs', '--date', '2026-11-26', ...second]],
    ['3 SIGSTRUCT_SIGNATURE SIGNATURE', ['sign', 'sgx', 'small.sgxs', ...second]],
    ['3 SIGSTRUCT_SIGNATURE SIGNATURE', [...SIGN, '--signature-in', 'other.rsa', ...second.slice(2)]],
    ['3 SIGSTRUCT_SIGNATURE signature', [...SIGN, '--signature-in', 'short.rsa', ...second.slice(2)]],
    ['2 SIGN_KEY key', [...SIGN, '--signature-in', 'a.rsa', '--key', 'rsa65537.pem', '-o', 'none.sig']],
    ['2 SIGN_KEY key', [...SIGN, '--key', 'pub.pem', '-o', 'none.sig']],
    ['64 USAGE_VALUE --key', [...SIGN, '--signature-in', 'a.rsa', '-o', 'none.sig']],
    ['64 USAGE_VALUE --output', [...SIGN, '--key', 'key.pem']],
    ['64 USAGE_VALUE --key', [...SIGN, '--digest-out', 'd', '--key', 'key.pem']],
    ['64 USAGE_VALUE --signature-in', [...SIGN, '--message-out', 'd', '--signature-in', 'a.rsa']],
    ['64 USAGE_VALUE --output', [...SIGN, '--digest-out', 'd', '-o', 'none.sig']],
  ];
  for (const [expected, args] of cases) assert.is(refusal(args, here), expected, args.join(' '));
  assert.throws(() => readFileSync(at('none.sig')), /ENOENT/);
  assert.throws(() => readFileSync(at('d')), /ENOENT/);
});

test('verify sigstruct shows every field that is not reserved', () => {
  const shown = json(['verify', 'sigstruct', 'whole.sig'], 'verify sigstruct', here);
  const names: Readonly<Record<string, string>> = { enclavehash: 'mrenclave' };
  const camel = (name: string): string =>
    name.replaceAll(/_(.)/gu, (_, letter: string) => letter.toUpperCase());
  const fields = SIGSTRUCT.fields
    .filter((field) => !isReserved(field))
    .map(({ name }) => names[name] ?? camel(name));
  assert.equal(Object.keys(shown).toSorted(), ['mrsigner', ...fields].toSorted());
  const lines = motte(['verify', 'sigstruct', 'whole.sig'], here).stdout.trim().split('\n');
  assert.equal(
    lines.map((line) => line.split(/ +/u)[0]),
    Object.keys(shown),
  );
});

if (!haveVectors('sgx-sigstruct')) console.log(`skipped: SIGSTRUCTs of others: no vectors at ${VECTORS}`);
else {
  const { vectors } = vectorJson('sgx-sigstruct', 'meta.json') as {
    vectors: { file: string; expected: Record<string, string | number> }[];
  };
  test('verify sigstruct reads those of every signer as their makers meant them', () => {
    let compared = 0;
    for (const { file, expected } of vectors) {
      const shown = json(['verify', 'sigstruct', join(VECTORS, 'sgx-sigstruct', file)], 'verify sigstruct');
      for (const [name, value] of Object.entries(expected)) {
        if (!Object.hasOwn(shown, name) || name === 'attributes' || name === 'date') continue;
        assert.is(String(shown[name]), String(value), `${file}: ${name}`);
        compared++;
      }
      const attributes = Buffer.from(String(expected['attributes']), 'hex');
      assert.is(shown['attributes'], `0x${attributes.readBigUInt64LE(0).toString(16)}`, file);
      assert.is(shown['xfrm'], `0x${attributes.readBigUInt64LE(8).toString(16)}`, file);
    }
    assert.ok(compared >= 12 * vectors.length, `${compared}`);
  });
}

test.run();
