// SPDX-License-Identifier: Apache-2.0
// Keys of ESM blobs and the files that they seal, beside openssl, which opens a blob by itself.
import { readEsmBlob } from '@motte/sign/pef/blob';
import { VECTORS, haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { createDecipheriv, createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE, json, motte, refusal } from './motte.js';
import { have, opensslIn } from './tools.js';

const folder = join(PLACE, 'pef-files');
mkdirSync(folder);
const at = (name: string): string => join(folder, name);
const here = { cwd: folder };
const openssl = opensslIn(folder);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

for (const [name, text] of Object.entries({
  kernel: 'a kernel',
  initrd: 'an initrd',
  one: 'first',
  two: 'second',
}))
  writeFileSync(at(name), text);
const BOOT = ['--kernel', 'kernel', '--initrd', 'initrd', '--bootargs', 'svm=1'];
const WHOM = ['--origin', 'owner.pub', '--recipient', 'machine.pub'];

test('a key is private; its fingerprint is of the public file', () => {
  for (const name of ['owner', 'machine']) {
    const args = ['key', 'create', 'pef', '-o', `${name}.pem`];
    const { fingerprint } = json([...args, '--public', `${name}.pub`], 'key create pef', here);
    assert.is(statSync(at(`${name}.pem`)).mode & 0o777, 0o600);
    assert.is(fingerprint, sha256(readFileSync(at(`${name}.pub`))));
    for (const half of [`${name}.pem`, `${name}.pub`])
      assert.is(motte(['key', 'digest', 'pef', half], here).stdout, `${String(fingerprint)}\n`);
  }
  assert.is(refusal(['key', 'create', 'pef', '-o', 'owner.pem'], here), '2 FILE_EXISTS owner.pem');
  assert.is(refusal(['key', 'digest', 'pef', 'kernel'], here), '2 ESM_KEY key');
});

test('files are sealed, listed, and told by their digests to who has a key', () => {
  json(
    ['pef', 'make', ...BOOT, ...WHOM, '--file', 'first-1=one', '--file', 'b=two', '-o', 'blob'],
    'pef make',
    here,
  );
  const closed = json(['pef', 'inspect', 'blob'], 'pef inspect', here);
  assert.equal(
    closed['files'],
    ['b', 'first-1'].map((name) => ({ name, sha256: null })),
  );
  const files = [
    { name: 'b', sha256: sha256(readFileSync(at('two'))) },
    { name: 'first-1', sha256: sha256(readFileSync(at('one'))) },
  ];
  for (const key of ['owner.pem', 'machine.pem'])
    assert.equal(json(['pef', 'inspect', 'blob', '--open-with', key], 'pef inspect', here)['files'], files);
  assert.ok(!readFileSync(at('blob')).includes('second'), 'sealed');
  for (const given of ['one', '=one', 'a=', 'a/b=one', `${'n'.repeat(32)}=one`])
    assert.is(
      refusal(['pef', 'make', ...BOOT, ...WHOM, '--file', given, '-o', 'x'], here),
      '64 USAGE_VALUE --file',
    );
  const twice = ['--file', 'a=one', '--file', 'a=two', '-o', 'x'];
  assert.is(refusal(['pef', 'make', ...BOOT, ...WHOM, ...twice], here), '64 USAGE_VALUE --file');
  const missing = ['--file', 'a=missing', '-o', 'x'];
  assert.is(refusal(['pef', 'make', ...BOOT, ...WHOM, ...missing], here), '2 FILE_ACCESS missing');
});

test('openssl opens the lockbox, and what it holds opens the seals', () => {
  if (!have('openssl')) return console.log('skipped: opening by openssl: it is not installed');
  const { lockboxes, files } = readEsmBlob(readFileSync(at('blob')));
  for (const [name, key] of [
    ['lockbox-1', 'machine.pem'],
    ['origin-lockbox', 'owner.pem'],
  ] as const) {
    writeFileSync(at('box'), lockboxes.find((box) => box.name === name)?.encryptedKey ?? '');
    const oaep = ['-pkeyopt', 'rsa_padding_mode:oaep', '-pkeyopt', 'rsa_oaep_md:sha256'];
    const symmetric = openssl('pkeyutl', '-decrypt', '-inkey', key, ...oaep, '-in', 'box');
    assert.is(symmetric.length, 32);
    const [sealed] = files;
    assert.ok(sealed);
    // The openssl command has no AEAD; its library has.
    const cipher = createDecipheriv('aes-256-gcm', symmetric, sealed.iv).setAuthTag(sealed.mac);
    assert.is(Buffer.concat([cipher.update(sealed.ciphertext), cipher.final()]).toString(), 'second');
  }
});

if (!haveVectors('pef-esm')) console.log(`skipped: ESM blobs of others: no vectors at ${VECTORS}`);
else
  test('files that svm-tool sealed are told by the digests of the plain ones', () => {
    const { blobs } = vectorJson('pef-esm', 'esm.json') as {
      blobs: { blob: string; files: Record<string, string>; opened_by: string[] }[];
    };
    let seen = 0;
    for (const { blob, files, opened_by: keys } of blobs) {
      writeFileSync(at('v.dtb'), vector('pef-esm', blob));
      writeFileSync(at('v.pem'), vector('pef-esm', String(keys[0])));
      const opened = json(['pef', 'inspect', 'v.dtb', '--open-with', 'v.pem'], 'pef inspect', here);
      const expected = Object.entries(files).map(([name, file]) => ({
        name,
        sha256: sha256(vector('pef-esm', file)),
      }));
      const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);
      assert.equal((opened['files'] as { name: string }[]).toSorted(byName), expected.toSorted(byName));
      seen += expected.length;
    }
    assert.ok(seen >= 2);
  });

test.run();
