// SPDX-License-Identifier: Apache-2.0
// AES-256-GCM as the shim has it, beside NIST's vectors and OpenSSL's (node:crypto).
import { createCipheriv, createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GOOD, hasBearssl, run, u64 } from './support/world.js';

interface Sealed {
  readonly body: string;
  readonly tag: string;
}

const bytesOf = (name: string, length: number): Uint8Array =>
  new Uint8Array(
    Buffer.concat(
      Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
        createHash('sha256').update(`${name} ${i}`).digest(),
      ),
    ).subarray(0, length),
  );

function shim(key: Uint8Array, sequence: bigint, header: Uint8Array, body: Uint8Array): Sealed {
  const input = new Uint8Array(4096);
  input.set(key);
  input.set(u64(sequence), 32);
  input.set(new Uint8Array(Uint32Array.from([header.length, body.length]).buffer), 40);
  input.set(header, 48);
  input.set(body, 112);
  const lines = run(['gcm'], { ...GOOD, secrets: input });
  const [sealed = '', tag = '', forged, opened] = lines;
  assert.is(forged, 'forged 0, opened 1');
  assert.is(opened, `opened ${Buffer.from(body).toString('hex')}`);
  return { body: sealed.slice(5), tag: tag.slice(4) };
}

/** NIST, McGrew and Viega, The Galois/Counter Mode of Operation, appendix B: those whose IV is zeros. */
const NIST: readonly [name: string, body: string, sealed: string, tag: string][] = [
  ['test case 13', '', '', '530f8afbc74536b9a963b4f1c4cb738b'],
  [
    'test case 14',
    '00000000000000000000000000000000',
    'cea7403d4d606b6e074ec5d3baf39d18',
    'd0d1c8a799996bf0265b98b5d48ab919',
  ],
];

if (!hasBearssl) console.log('skipped: gcm: scripts/fetch-bearssl has not been run');
else {
  for (const [name, body, sealed, tag] of NIST) {
    test(name, () => {
      const none = new Uint8Array();
      assert.equal(shim(new Uint8Array(32), 0n, none, Buffer.from(body, 'hex')), { body: sealed, tag });
    });
  }

  test('beside OpenSSL: lengths around the block, sequence numbers', () => {
    const lengths = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256];
    lengths.forEach((length, i) => {
      const key = bytesOf(`key ${length}`, 32);
      const header = bytesOf(`header ${length}`, [48, 0, 1, 16, 17, 63, 64][i % 7] ?? 48);
      const body = bytesOf(`body ${length}`, length);
      const sequence = [1n, 2n, 255n, 256n, 0xffff_ffffn, 1n << 63n, (1n << 64n) - 1n][i % 7] ?? 1n;
      const iv = Buffer.concat([u64(sequence), Buffer.alloc(4)]);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(header);
      const expected = Buffer.concat([cipher.update(body), cipher.final()]).toString('hex');
      assert.equal(shim(key, sequence, header, body), {
        body: expected,
        tag: cipher.getAuthTag().toString('hex'),
      });
    });
  });
}

test.run();
