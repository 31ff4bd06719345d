// SPDX-License-Identifier: Apache-2.0
// Every reader of @motte/sign and @motte/config against damaged input. Longer: npm run fuzz 600 sign-parsers.
import { createPublicKey } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONFIG_HEADER } from '@motte/config/blob-layout';
import { decodeBlob } from '@motte/config/blob-decode';
import { configBlob, encodeBlob } from '@motte/config/blob';
import { parseKeepToml } from '@motte/config/keep-toml';
import { writeDigests } from '@motte/measure/pef/digests';
import { modulusFromPem, signerFromPem } from '@motte/sign/key-node';
import { KEYSTONE_REPORT, readKeystoneReport } from '@motte/sign/keystone/report';
import { readEsmBlob, writeEsmBlob } from '@motte/sign/pef/blob';
import { openerFromPem, recipientFromPem } from '@motte/sign/pef/crypto-node';
import { AMD_CERT, readAmdCertificate, readSevCertificate, SEV_CERT } from '@motte/sign/sev/certificates';
import { parseSigstruct, sigstructText } from '@motte/sign/sgx/sigstruct';
import { verifySigstruct } from '@motte/sign/sgx/verify';
import { snpSignerFromPem, verifyP384 } from '@motte/sign/snp/ecdsa-node';
import { idAuth, idBlock } from '@motte/sign/snp/id-block';
import { readP384Signature } from '@motte/sign/snp/signature';
import { verifyIdBlock } from '@motte/sign/snp/verify';
import { sameBytes } from '@motte/test-helpers/bytes';
import { corpus } from '@motte/test-helpers/corpus';
import { fuzzParser } from '@motte/test-helpers/parser-fuzz';
import { AUTHOR_PEM, ID_PEM, RSA_PEM } from './support/fixed-keys.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const filled = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + 1) & 0xff);

test('SIGSTRUCTs, as they are parsed', () => {
  fuzzParser({
    name: 'sigstruct-parse',
    seeds: corpus('sigstruct').flatMap(({ answer, bytes }) => (answer === 'accepted' ? [bytes] : [])),
    offsetless: /^SIGSTRUCT_SIZE/u,
    parse: ({ bytes }) => sigstructText(parseSigstruct(bytes)),
  });
});

test('SIGSTRUCTs, as they are verified', () => {
  fuzzParser({
    name: 'sigstruct',
    seeds: [],
    offsetless: /^SIGSTRUCT_SIZE/u,
    // Whatever is changed, it does not verify: DATE and all else is signed, or must have one value.
    parse: ({ bytes }) => verifySigstruct(bytes),
    refusesAll: true,
    runs: 100,
  });
});

test('ID blocks and their authentication', () => {
  const block = idBlock({ launchDigest: filled(48), guestSvn: 3, policy: 0x30000n });
  const auth = idAuth(block, snpSignerFromPem(ID_PEM), snpSignerFromPem(AUTHOR_PEM));
  const both = new Uint8Array([...block, ...auth]);
  fuzzParser({
    name: 'snp-id',
    seeds: [both],
    // The field is the check that fails, in the order in which firmware looks.
    offsetless: /^SNP_ID/u,
    parse: ({ bytes }) => verifyIdBlock(bytes.slice(0, block.length), bytes.slice(block.length), verifyP384),
    refusesAll: true,
    runs: 100,
  });
});

test('signatures made elsewhere, in both forms', () => {
  const pair = snpSignerFromPem(ID_PEM).sign(filled(5));
  const number = [2, 48, ...filled(48)];
  const der = Uint8Array.of(0x30, 2 * number.length, ...number, ...number);
  fuzzParser({
    name: 'snp-signature',
    seeds: [pair, der],
    parse: ({ bytes }) => readP384Signature(bytes),
    holds: (read, input) => {
      assert.is(read.length, 96);
      if (input.length === 96) sameBytes(read, input);
    },
  });
});

test('Keystone reports', () => {
  fuzzParser({
    name: 'keystone-report',
    seeds: [
      KEYSTONE_REPORT.write({
        enclave_hash: filled(64),
        data_length: 5n,
        data: filled(1024),
        device_key: filled(32),
      }),
    ],
    offsetless: /^KEYSTONE_REPORT report$/u,
    parse: ({ bytes }) => readKeystoneReport(bytes),
    holds: ({ data }) => assert.ok(data.length <= 1024),
  });
});

test('SEV certificates', () => {
  const amd = AMD_CERT.write({ version: 1, exponent_bits: 2048, modulus_bits: 2048 });
  const exponent = new Uint8Array(256);
  exponent.set([1, 0, 1]);
  fuzzParser({
    name: 'sev-amd-certificate',
    seeds: [new Uint8Array([...amd, ...exponent, ...filled(512)])],
    parse: ({ bytes }) => readAmdCertificate(bytes),
    holds: ({ signed, signature }, input) => sameBytes(new Uint8Array([...signed, ...signature]), input),
  });
  fuzzParser({
    name: 'sev-certificate',
    seeds: [SEV_CERT.write({ version: 1, curve: 2, algorithm: 2, usage: 0x1002, sig1: filled(512) })],
    parse: ({ bytes }) => readSevCertificate(bytes),
    holds: ({ values }, input) => sameBytes(SEV_CERT.write(values), input),
  });
});

test('ESM blobs', () => {
  const sealed = (name: string) => ({
    name,
    iv: filled(16),
    mac: filled(16),
    ciphertext: writeDigests({
      rtas: filled(64),
      kernel: filled(64),
      kernelSize: 9,
      initrd: filled(64),
      bootargs: filled(64),
    }),
    comment: '',
  });
  const lockbox = { fingerprint: filled(32), encryptedKey: filled(256), comment: 'machine' };
  const lockboxes = ['lockbox-1', 'origin-lockbox'].map((name) => ({ ...lockbox, name }));
  fuzzParser({
    name: 'esm-blob',
    seeds: [writeEsmBlob({ lockboxes, digests: sealed('digests-fdt'), files: [sealed('a.txt')] })],
    // A member of a tree has a path.
    offsetless: /^ESM_BLOB/u,
    parse: ({ bytes }) => readEsmBlob(bytes),
    // The order of members and the padding are the file's, so that the first input may be another.
    holds: (blob) => {
      const written = writeEsmBlob(blob);
      sameBytes(writeEsmBlob(readEsmBlob(written)), written, 'what was read and written again');
    },
  });
});

const KEEP = `args = ["x"]
threads = 2
memory = "1MiB"
[env]
K = "v"
[[files]]
path = "/a"
host = "a"
[[listen]]
name = "echo"
address = "127.0.0.1:7000"
[[connect]]
host = "db.local"
port = 5432
`;

test('config blobs', () => {
  fuzzParser({
    name: 'config-blob',
    seeds: [configBlob(parseKeepToml(KEEP), 'app')],
    parse: ({ bytes }) => decodeBlob(bytes),
    holds: (blob, input) => sameBytes(encodeBlob(blob), input, 'what was read and written again'),
  });
  assert.is(CONFIG_HEADER.size, 64);
});

test('Keep.toml', () => {
  fuzzParser({
    name: 'keep-toml',
    seeds: [bytesOf(KEEP)],
    // Its messages have lines.
    offsetless: /^(?:KEEP|CONFIG)_/u,
    parse: ({ bytes }) => parseKeepToml(new TextDecoder().decode(bytes)),
    holds: (config) => assert.ok(configBlob(config, 'app').length > 0),
  });
});

test('keys in PEM', () => {
  const publicKey = String(createPublicKey(RSA_PEM).export({ type: 'spki', format: 'pem' }));
  // OpenSSL does not say where it stopped.
  const common = { offsetless: /^(?:SIGN|ESM)_KEY key$/u, runs: 150 };
  fuzzParser({
    ...common,
    name: 'pem-public',
    seeds: [bytesOf(publicKey)],
    parse: ({ bytes }) => modulusFromPem(bytes),
  });
  fuzzParser({
    ...common,
    name: 'pem-private',
    seeds: [bytesOf(RSA_PEM)],
    parse: ({ bytes }) => signerFromPem(bytes).modulus,
  });
  fuzzParser({
    ...common,
    name: 'pem-opener',
    seeds: [bytesOf(RSA_PEM)],
    parse: ({ bytes }) => openerFromPem(bytes).fingerprint,
  });
  fuzzParser({
    ...common,
    name: 'pem-recipient',
    seeds: [bytesOf(publicKey)],
    parse: ({ bytes }) => recipientFromPem(bytes).fingerprint,
  });
});

test.run();
