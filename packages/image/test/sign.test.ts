// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import {
  build,
  imageSignerFromPem,
  imageSignerOf,
  messageToSign,
  publicKeyFromPem,
  sgxMessage,
  sign,
  verify,
} from '@motte/image';
import type { ImageSigner, SignOptions, VerifiedImage } from '@motte/image';
import { preAuthEncoding } from '@motte/image/dsse/pae';
import { ID_AUTH } from '@motte/sign/snp/id-block';
import type { SnpIdentity } from '@motte/sign/snp/id-block';
import { newEcPair, newEdwardsPair, newRsaPair } from '@motte/sign/key-pair-node';
import { codeOf } from '@motte/test-helpers/errors';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { forge, partsOf } from './support/forge.js';
import { KEYS, PLACE, SGX, at, execPath, plainImage, signedImage, snpIdentity } from './support/samples.js';

const { ed25519, p256, p384 } = KEYS;

async function inspect<T>(path: string, see: (image: VerifiedImage) => T): Promise<T> {
  const image = await verify(path);
  try {
    return see(image);
  } finally {
    image.close();
  }
}

const signersOf = (path: string): Promise<string[]> =>
  inspect(path, ({ signers }) => signers.map(({ keyid }) => keyid));

const ids = (...signers: readonly ImageSigner[]): string[] => signers.map(({ key }) => key.keyid).sort();

/** What signing a copy of an image comes to. */
async function signed(from: string, options: SignOptions): Promise<string> {
  const path = at('work.keep');
  copyFileSync(from, path);
  try {
    await sign(path, options);
    return 'accepted';
  } catch (error) {
    assert.equal(readFileSync(path), readFileSync(from), 'unchanged');
    if (error instanceof MotteError) return error.code;
    throw error;
  }
}

test('the encoding that is signed is that of the DSSE specification', () => {
  const payload = new TextEncoder().encode('hello world');
  const encoded = new TextDecoder().decode(preAuthEncoding('http://example.com/HelloWorld', payload));
  assert.is(encoded, 'DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  assert.is(new TextDecoder().decode(preAuthEncoding('é', new Uint8Array(0))), 'DSSEv1 2 é 0 ');
});

test('signatures add up, and a key that signs again has one', async () => {
  assert.is(await signed(plainImage, { signers: [p384.signer] }), 'accepted');
  const path = at('work.keep');
  await sign(path, { signers: [ed25519.signer, p256.signer] });
  assert.equal(await signersOf(path), ids(ed25519.signer, p256.signer, p384.signer));
  const before = readFileSync(path);
  await sign(path, { signers: [p384.signer] });
  assert.equal(readFileSync(path), before, 'ECDSA signatures are deterministic, too');
});

test('signing does not change what is measured', async () => {
  const of = ({ sgx, snp }: VerifiedImage): unknown => [sgx.measurement, sgx.config, snp?.measurement];
  assert.equal(await inspect(signedImage, of), await inspect(plainImage, of));
});

test('the order of signing does not matter', async () => {
  await sign(plainImage, { snp: snpIdentity, output: at('one.keep') });
  await sign(at('one.keep'), { sgx: SGX });
  await sign(at('one.keep'), { signers: [p384.signer] });
  await sign(at('one.keep'), { signers: [ed25519.signer] });
  assert.equal(readFileSync(at('one.keep')), readFileSync(signedImage));
});

const another = (digest: Uint8Array): SnpIdentity => snpIdentity(digest, { guestSvn: 4 });
const debug = (digest: Uint8Array): SnpIdentity => snpIdentity(digest, { policy: 0xb0000n });
const sgxImage = at('sgx-alone.keep');
await build({ exec: execPath, output: sgxImage, tees: ['sgx'] });

for (const [name, from, options, code] of [
  ['a SIGSTRUCT before signatures', plainImage, { sgx: SGX }, 'accepted'],
  ['the same SIGSTRUCT again', signedImage, { sgx: SGX }, 'accepted'],
  ['another SIGSTRUCT would void signatures', signedImage, { sgx: SGX, date: '2024-02-29' }, 'IMAGE_SIGNED'],
  [
    'another SIGSTRUCT, and only one of two signers',
    signedImage,
    { sgx: SGX, date: '2024-02-29', signers: [p384.signer] },
    'IMAGE_SIGNED',
  ],
  [
    'another SIGSTRUCT, and all signers again',
    signedImage,
    { sgx: SGX, date: '2024-02-29', signers: [p384.signer, ed25519.signer] },
    'accepted',
  ],
  ['the same ID block again', signedImage, { snp: snpIdentity }, 'accepted'],
  ['another ID block would void signatures', signedImage, { snp: another }, 'IMAGE_SIGNED'],
  [
    'another ID block, and all signers again',
    signedImage,
    { snp: another, signers: [p384.signer, ed25519.signer] },
    'accepted',
  ],
  [
    'an ID block of another launch',
    plainImage,
    { snp: () => snpIdentity(new Uint8Array(48)) },
    'IMAGE_NATIVE_SIGNATURE',
  ],
  ['an ID block that lets the host debug', plainImage, { snp: debug }, 'IMAGE_NATIVE_SIGNATURE'],
  ['an ID block for an image of SGX alone', sgxImage, { snp: snpIdentity }, 'IMAGE_OPTION'],
  ['nobody signs', plainImage, {}, 'IMAGE_OPTION'],
  ['a day that there is not', plainImage, { sgx: SGX, date: '2023-02-29' }, 'SIGSTRUCT_VALUE'],
] as const satisfies readonly (readonly [string, string, SignOptions, string])[]) {
  test(name, async () => {
    assert.is(await signed(from, options), code);
    if (code === 'accepted') await inspect(at('work.keep'), () => {});
  });
}

test('nothing is signed that is not what it says', async () => {
  const parts = partsOf();
  parts.exec = parts.exec.map((byte, i) => (i === 0x1100 ? byte ^ 1 : byte));
  assert.is(await signed(forge(parts), { signers: [p256.signer] }), 'IMAGE_CANONICAL');
});

test('a signer who signs something else is found out', async () => {
  const liar: ImageSigner = {
    key: p256.signer.key,
    sign: (message) => p256.signer.sign(message.subarray(1)),
  };
  assert.is(await signed(plainImage, { signers: [liar] }), 'IMAGE_SIGNATURE');
  const sgx = { modulus: SGX.modulus, sign: (message: Uint8Array) => SGX.sign(message.subarray(1)) };
  assert.is(await signed(plainImage, { sgx }), 'SIGSTRUCT_SIGNATURE');
  const snp = (digest: Uint8Array): SnpIdentity => {
    const { block, auth } = snpIdentity(digest);
    return { block, auth: auth.map((byte, i) => (i === ID_AUTH.offsetOf('id_block_sig') ? byte ^ 1 : byte)) };
  };
  assert.is(await signed(plainImage, { snp }), 'SNP_ID_SIGNATURE');
});

test('a signal stops it, and nothing is left', async () => {
  const before = readdirSync(PLACE).sort();
  const work = sign(signedImage, { signers: [p256.signer], signal: AbortSignal.abort() });
  const code = await work.then(
    () => 'accepted',
    (error: MotteError) => error.code,
  );
  assert.is(code, 'IMAGE_ABORTED');
  assert.equal(readdirSync(PLACE).sort(), before);
});

const pem = (kind: 'rsa' | 'x25519' | 'P-521' | 'secp256k1'): string => {
  if (kind === 'rsa') return newRsaPair(2048).privateKey;
  return (kind === 'x25519' ? newEdwardsPair(kind) : newEcPair(kind)).privateKey;
};

for (const [name, text] of [
  ['RSA', pem('rsa')],
  ['X25519', pem('x25519')],
  ['P-521', pem('P-521')],
  ['secp256k1', pem('secp256k1')],
  ['a public key', p256.publicPem],
  ['no key', 'hello'],
] as const) {
  test(`${name} signs no image`, () => {
    assert.is(
      codeOf(() => imageSignerFromPem(text)),
      'IMAGE_KEY',
    );
  });
}

function openssl(...args: readonly string[]): void {
  const ran = spawnSync('openssl', args, { encoding: 'utf8' });
  assert.is(ran.status, 0, `${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
}

for (const kind of ['ed25519', 'p256', 'p384'] as const) {
  const { pem: privatePem, publicPem, signer } = KEYS[kind];

  test(`OpenSSL verifies a signature by ${kind}`, async () => {
    assert.is(await signed(plainImage, { signers: [signer] }), 'accepted');
    const signature = await inspect(at('work.keep'), ({ image }) => image.envelope?.signatures[0]?.sig ?? '');
    writeFileSync(at('sig'), Buffer.from(signature, 'base64'));
    writeFileSync(at('message'), await inspect(at('work.keep'), messageToSign));
    writeFileSync(at('key.pem'), publicPem);
    const dgst = ['dgst', kind === 'p256' ? '-sha256' : '-sha384', '-verify', at('key.pem')];
    const files =
      kind === 'ed25519'
        ? ['-in', at('message'), '-sigfile', at('sig')]
        : ['-signature', at('sig'), at('message')];
    const raw = ['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', at('key.pem')];
    openssl(...(kind === 'ed25519' ? raw : dgst), ...files);
  });

  test(`OpenSSL signs with ${kind}, elsewhere`, async () => {
    writeFileSync(at('message'), await inspect(plainImage, messageToSign));
    writeFileSync(at('key.pem'), privatePem);
    const dgst = ['dgst', kind === 'p256' ? '-sha256' : '-sha384', '-sign', at('key.pem')];
    const raw = ['pkeyutl', '-sign', '-rawin', '-inkey', at('key.pem'), '-in'];
    openssl(
      ...(kind === 'ed25519' ? raw : [...dgst, '-out', at('sig')]),
      at('message'),
      ...(kind === 'ed25519' ? ['-out', at('sig')] : []),
    );
    const elsewhere = imageSignerOf(publicKeyFromPem(publicPem), readFileSync(at('sig')));
    assert.is(await signed(plainImage, { signers: [elsewhere] }), 'accepted');
    assert.equal(await signersOf(at('work.keep')), [signer.key.keyid]);
    // It is a signature of this image and of no other.
    assert.is(await signed(signedImage, { signers: [elsewhere] }), 'IMAGE_SIGNATURE');
  });
}

test('a SIGSTRUCT is signed elsewhere', async () => {
  const message = await inspect(plainImage, (image) => sgxMessage(image, '2024-02-29'));
  const signature = SGX.sign(message);
  const sgx = { modulus: SGX.modulus, sign: () => signature };
  assert.is(await signed(plainImage, { sgx, date: '2024-02-29' }), 'accepted');
  assert.is(await signed(plainImage, { sgx }), 'SIGSTRUCT_SIGNATURE');
});

test.run();
