// SPDX-License-Identifier: Apache-2.0
// The readers of an image's parts against damaged input. Longer: npm run fuzz 600 packages/image.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesSource, readBytes } from '@motte/binary/source';
import type { KeepManifest } from '@motte/image';
import { readEnvelope, writeEnvelope } from '@motte/image/dsse/envelope';
import { readJson, writeJson } from '@motte/image/json/canonical';
import { keepManifestSchema } from '@motte/image/manifest/schema';
import { TAR_BLOCK, tarChecksum, USTAR } from '@motte/image/tar/header';
import { readTar } from '@motte/image/tar/read';
import { TAR_END, tarHeader, tarPadding } from '@motte/image/tar/write';
import { sameBytes } from '@motte/test-helpers/bytes';
import { fuzzParser } from '@motte/test-helpers/parser-fuzz';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const HEX = 'a1'.repeat(32);

const FILES: readonly (readonly [string, Uint8Array])[] = [
  [`blobs/sha256/${HEX}`, new Uint8Array(700).fill(1)],
  ['index.json', utf8('{}')],
  ['oci-layout', new Uint8Array(0)],
];
const ARCHIVE = new Uint8Array(
  Buffer.concat([
    ...FILES.flatMap(([name, bytes]) => [tarHeader(name, bytes.length), bytes, tarPadding(bytes.length)]),
    TAR_END,
  ]),
);

/** With the sum of each block that looks like a header made right, so that what is behind the sum is reached. */
function summed(archive: Uint8Array): Uint8Array {
  const out = new Uint8Array(archive);
  const magic = USTAR.offsetOf('magic');
  for (let at = 0; at + TAR_BLOCK <= out.length; at += TAR_BLOCK) {
    const block = out.subarray(at, at + TAR_BLOCK);
    if (block[magic] === 0x75 && block[magic + 1] === 0x73)
      block.set(utf8(`${tarChecksum(block).toString(8).padStart(6, '0')}\0 `), USTAR.offsetOf('chksum'));
  }
  return out;
}

test('tar archives, with the sums that they have and with right ones', () => {
  for (const [name, change] of [
    ['image-tar', (bytes: Uint8Array) => bytes],
    ['image-tar-summed', summed],
  ] as const)
    fuzzParser({
      name,
      // Often, as the corpus has refused ones alone, and a sum forgives nothing.
      seeds: Array.from({ length: 16 }, () => ARCHIVE),
      runs: 1000,
      // That a file is missing, or there twice, has no one place.
      offsetless: /^IMAGE_LAYOUT (?:index\.json|oci-layout|blobs\/sha256\/)/u,
      parse: ({ bytes }) => readTar(bytesSource(change(bytes))),
      holds: (files, input) => {
        let sum = 0;
        for (const source of files.values()) sum += readBytes(source, 0, source.size).length;
        assert.ok(sum <= input.length);
      },
    });
});

const blob = <const M extends string>(kind: M) =>
  ({ mediaType: `application/vnd.motte.keep.${kind}.v1`, digest: `sha256:${HEX}`, size: 5 }) as const;

const MANIFEST: KeepManifest = {
  version: 1,
  name: 'hello',
  exec: blob('exec'),
  config: { blob: blob('toml'), configId: HEX },
  shims: [{ tee: 'sgx', variant: 'sgx2', blob: blob('shim') }],
  measurements: [
    { tee: 'sgx', kind: 'mrenclave', algorithm: 'sha256', value: HEX, parameters: { version: 2 } },
    { tee: 'sanctum', kind: 'measurement', algorithm: 'sha256', value: HEX, parameters: { flavour: 'mit' } },
  ],
};

/** Values that are wrong have paths. */
const JSON_PARTS = { offsetless: /^IMAGE_(?:DIGEST_ALGORITHM|FIELD|JSON) /u, runs: 1500 };

test('manifests', () => {
  fuzzParser({
    ...JSON_PARTS,
    name: 'image-manifest',
    seeds: [writeJson(keepManifestSchema, MANIFEST, 'm')],
    parse: ({ bytes }) => readJson(keepManifestSchema, bytes, 'm'),
    holds: (manifest, input) => sameBytes(writeJson(keepManifestSchema, manifest, 'm'), input),
  });
});

test('DSSE envelopes', () => {
  const signatures = [
    { keyid: HEX, sig: 'AQID' },
    { keyid: 'b2'.repeat(32), sig: '' },
  ];
  fuzzParser({
    ...JSON_PARTS,
    name: 'image-envelope',
    seeds: [writeEnvelope(utf8('{"a":1}'), signatures)],
    parse: ({ bytes }) => readEnvelope(bytes),
    holds: (envelope) => assert.ok(envelope.signatures.length > 0),
  });
});

test.run();
