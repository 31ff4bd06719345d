// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { pefDigests } from '@motte/measure/pef/digests';
import { newEcPair, newRsaPair } from '@motte/sign/key-pair-node';
import { readEsmBlob, writeEsmBlob } from '@motte/sign/pef/blob';
import type { EsmBlob } from '@motte/sign/pef/blob';
import { aesGcm, openerFromPem, randomBytes, recipientFromPem } from '@motte/sign/pef/crypto-node';
import { authorize, makeEsmBlob, revoke } from '@motte/sign/pef/make';
import { openEsmBlob, openLockbox } from '@motte/sign/pef/open';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';
import { tempFolder } from '@motte/test-helpers/temp';

function keyPair(bits = 2048): { secret: string; pem: Uint8Array } {
  const { privateKey, publicKey } = newRsaPair(bits);
  return { secret: privateKey, pem: new TextEncoder().encode(publicKey) };
}

const [OWNER, MACHINE, OTHER] = [keyPair(), keyPair(), keyPair(3072)];
const TOOLS = { aead: aesGcm, random: randomBytes };
const DIGESTS = pefDigests({
  kernel: Uint8Array.of(1, 2, 3),
  initrd: new Uint8Array(0),
  bootargs: 'console=hvc0 ro',
});

function make(files: { name: string; content: Uint8Array; comment: string }[] = []): EsmBlob {
  const origin = { recipient: recipientFromPem(OWNER.pem), comment: 'owner' };
  const recipients = [{ recipient: recipientFromPem(MACHINE.pem), comment: 'machine' }];
  return makeEsmBlob({ origin, recipients, digests: DIGESTS, files }, TOOLS);
}

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/u);
const file = fc.record({
  name,
  content: fc.uint8Array({ maxLength: 99 }),
  comment: fc.stringMatching(/^[ -~]{0,9}$/u),
});

test('what a blob is made of comes out of its bytes, for each who may open it', () => {
  fc.assert(
    fc.property(fc.uniqueArray(file, { maxLength: 3, selector: (item) => item.name }), (files) => {
      const written = writeEsmBlob(make(files));
      const blob = readEsmBlob(written);
      assert.is(toHex(writeEsmBlob(blob)), toHex(written));
      assert.equal(
        blob.lockboxes.map((box) => box.name),
        ['lockbox-1', 'origin-lockbox'],
      );
      for (const { secret } of [OWNER, MACHINE]) {
        const opened = openEsmBlob(blob, openerFromPem(secret), aesGcm);
        assert.equal(opened.digests, DIGESTS);
        assert.equal(
          opened.files,
          files.map((one) => ({ name: one.name, content: one.content })).toReversed(),
        );
      }
      assert.is(
        codeOf(() => openLockbox(blob, openerFromPem(OTHER.secret))),
        'ESM_NO_LOCKBOX',
      );
    }),
    { numRuns: 10 },
  );
});

test('authorize and revoke', () => {
  const blob = make();
  const other = recipientFromPem(OTHER.pem);
  const wider = authorize(blob, openerFromPem(MACHINE.secret), { recipient: other, comment: 'later' });
  assert.equal(
    wider.lockboxes.map((box) => box.name),
    ['lockbox-2', 'lockbox-1', 'origin-lockbox'],
  );
  assert.equal(
    openEsmBlob(readEsmBlob(writeEsmBlob(wider)), openerFromPem(OTHER.secret), aesGcm).digests,
    DIGESTS,
  );
  assert.is(toHex(writeEsmBlob(revoke(wider, other.fingerprint))), toHex(writeEsmBlob(blob)));
  const again = { recipient: other, comment: '' };
  const owner = recipientFromPem(OWNER.pem).fingerprint;
  const table: [string, () => unknown][] = [
    ['ESM_RECIPIENT recipient', () => authorize(wider, openerFromPem(OWNER.secret), again)],
    ['ESM_NO_LOCKBOX lockboxes', () => authorize(blob, openerFromPem(OTHER.secret), again)],
    ['ESM_NO_LOCKBOX recipient', () => revoke(blob, other.fingerprint)],
    ['ESM_RECIPIENT recipient', () => revoke(blob, owner)],
  ];
  for (const [expected, run] of table) assert.is(codeAndField(run), expected);
});

test('OpenSSL opens our lockboxes, and has the same fingerprints', () => {
  const folder = tempFolder();
  const path = (base: string): string => join(folder, base);
  const blob = make();
  writeFileSync(path('key.pem'), MACHINE.secret);
  writeFileSync(path('box'), blob.lockboxes[0]?.encryptedKey ?? '');
  const oaep = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha256'];
  const options = oaep.flatMap((option) => ['-pkeyopt', option]);
  const key = execFileSync('openssl', [
    'pkeyutl',
    '-decrypt',
    '-inkey',
    path('key.pem'),
    '-in',
    path('box'),
    ...options,
  ]);
  assert.is(key.toString('hex'), toHex(openLockbox(blob, openerFromPem(MACHINE.secret))));
  const pem = execFileSync('openssl', ['pkey', '-in', path('key.pem'), '-pubout']);
  assert.is(toHex(recipientFromPem(pem).fingerprint), toHex(openerFromPem(MACHINE.secret).fingerprint));
});

test('a change to any part that is sealed is found', () => {
  const blob = make([{ name: 'f', content: Uint8Array.of(1), comment: '' }]);
  const opener = openerFromPem(MACHINE.secret);
  const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
  const [box, origin] = blob.lockboxes;
  const [sealed] = blob.files;
  const { digests } = blob;
  assert.ok(box && origin && sealed && digests);
  const table: [string, EsmBlob][] = [
    ['ESM_SEAL digests-fdt', { ...blob, digests: { ...digests, iv: flip(digests.iv) } }],
    ['ESM_SEAL digests-fdt', { ...blob, digests: { ...digests, mac: flip(digests.mac) } }],
    ['ESM_SEAL digests-fdt', { ...blob, digests: { ...digests, ciphertext: flip(digests.ciphertext) } }],
    ['ESM_SEAL f', { ...blob, files: [{ ...sealed, mac: flip(sealed.mac) }] }],
    [
      'ESM_LOCKBOX /lockboxes/lockbox-1/encrypted-symkey',
      { ...blob, lockboxes: [{ ...box, encryptedKey: origin.encryptedKey }, origin] },
    ],
    [
      'ESM_LOCKBOX /lockboxes/lockbox-1/encrypted-symkey',
      {
        ...blob,
        lockboxes: [
          { ...box, encryptedKey: recipientFromPem(MACHINE.pem).encrypt(new Uint8Array(16)) },
          origin,
        ],
      },
    ],
  ];
  for (const [expected, changed] of table)
    assert.is(
      codeAndField(() => openEsmBlob(readEsmBlob(writeEsmBlob(changed)), opener, aesGcm)),
      expected,
    );
  const comment = { ...blob, lockboxes: [{ ...box, comment: 'a\nb' }, origin] };
  assert.is(
    codeAndField(() => writeEsmBlob(comment)),
    'ESM_BLOB lockbox-1/untrusted-comment',
  );
  const odd = { ...blob, lockboxes: [{ ...box, name: 'lockbox-01' }, origin] };
  assert.is(
    codeAndField(() => writeEsmBlob(odd)),
    'ESM_BLOB lockbox-01',
  );
  const lost = writeEsmBlob({ ...blob, lockboxes: [box] });
  assert.is(
    codeAndField(() => readEsmBlob(lost)),
    'ESM_BLOB /lockboxes/origin-lockbox',
  );
});

test('damaged bytes are refused, or change nothing but what is in them', () => {
  const bytes = writeEsmBlob(make());
  for (let length = 0; length < bytes.length; length += 7)
    assert.is(
      codeOf(() => readEsmBlob(bytes.subarray(0, length))),
      'FDT',
      `${length} bytes`,
    );
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const changed = new Uint8Array(bytes);
      changed[at] = (changed[at] ?? 0) ^ mask;
      // Anything else than a MotteError passes through codeOf and fails the test.
      assert.ok(['accepted', 'FDT', 'ESM_BLOB'].includes(codeOf(() => readEsmBlob(changed))));
    }),
    { numRuns: 300 },
  );
});

test('keys that are none are refused', () => {
  const ec = newEcPair('P-256').privateKey;
  const text = (pem: string): Uint8Array => new TextEncoder().encode(pem);
  const table: (() => unknown)[] = [
    () => recipientFromPem(text('nothing')),
    () => recipientFromPem(text(OWNER.secret)),
    () => recipientFromPem(keyPair(1024).pem),
    () => openerFromPem('nothing'),
    () => openerFromPem(ec),
  ];
  for (const run of table) assert.is(codeAndField(run), 'ESM_KEY key');
});

test.run();
