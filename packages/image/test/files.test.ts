// SPDX-License-Identifier: Apache-2.0
// The files that `[[image]]` names: in the image with everything else, and found out when they are others.
import { MotteError } from '@motte/binary/error';
import { bytesSource, readBytes } from '@motte/binary/source';
import { finish } from '@motte/binary/steps';
import { encodeIndex } from '@motte/config/file-index';
import { build, sign, verify } from '@motte/image';
import { assemble, describeKeep } from '@motte/image/assemble';
import { writeContainer } from '@motte/image/container/write';
import type { KeepManifest } from '@motte/image';
import { describe } from '@motte/image/oci/descriptor';
import { MEDIA } from '@motte/image/oci/media-types';
import { factsOf } from '@motte/image/provenance/make';
import { sha256 } from '@motte/measure/hash';
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { KEYS, SGX, at, execPath } from './support/samples.js';

const TOML = 'memory = "16MiB"\n[[image]]\npath = "/srv"\nsource = "share"\n';
const folder = at('files');
mkdirSync(`${folder}/share/sub`, { recursive: true });
writeFileSync(`${folder}/share/a`, 'the first');
writeFileSync(`${folder}/share/sub/b`, Buffer.alloc(70_000, 'the second '));

const output = at('files.keep');
const built = await build({ exec: execPath, config: TOML, folder, output });

test('built again they give the same bytes, whatever their times', async () => {
  utimesSync(`${folder}/share/a`, 1, 1);
  const again = at('again.keep');
  await build({ exec: execPath, config: TOML, folder, output: again });
  assert.ok(readFileSync(again).equals(readFileSync(output)));
});

test('the index has its digest in the config blob, the manifest and the provenance', async () => {
  const image = await verify(output);
  const { index } = image.sgx;
  assert.equal(
    index?.entries.map(({ path }) => path),
    ['/srv/a', '/srv/sub/b'],
  );
  const digest = Buffer.from(index?.sha256 ?? []).toString('hex');
  assert.is(image.manifest.files?.index.digest, `sha256:${digest}`);
  assert.ok(Buffer.from(image.sgx.config).includes(digest));
  assert.ok(JSON.stringify(image.image.statement).includes(digest));
  assert.is(image.sgx.files?.contents.size, 70_009);
  image.close();
});

test('an image that is signed has them still', async () => {
  const signed = at('files-signed.keep');
  await sign(output, { signers: [KEYS.ed25519.signer], sgx: SGX, output: signed });
  const image = await verify(signed);
  assert.equal(image.manifest.files, built.manifest.files);
  image.close();
});

/** The image with other files, all of it sealed anew by somebody who knows how. */
async function forged(change: {
  readonly index?: (bytes: Uint8Array) => Uint8Array;
  readonly contents?: (bytes: Uint8Array) => Uint8Array;
  readonly none?: true;
}): Promise<string> {
  const image = await verify(output);
  const { manifest, statement, blobs } = image.image;
  const { files, ...without } = manifest;
  const bytesOf = (digest: string): Uint8Array => {
    const source = blobs.get(digest);
    return source === undefined ? new Uint8Array(0) : readBytes(source, 0, source.size);
  };
  const same = (bytes: Uint8Array): Uint8Array => bytes;
  const index = (change.index ?? same)(bytesOf(files?.index.digest ?? ''));
  const contents = (change.contents ?? same)(bytesOf(files?.contents.digest ?? ''));
  const made: NonNullable<KeepManifest['files']> = {
    index: describe(MEDIA.fileIndex, index),
    contents: describe(MEDIA.fileContents, contents),
  };
  const forgedManifest = change.none === true ? without : { ...manifest, files: made };
  const all = new Map(blobs);
  for (const old of [files?.index, files?.contents]) all.delete(old?.digest ?? '');
  if (change.none !== true)
    all.set(made.index.digest, bytesSource(index)).set(made.contents.digest, bytesSource(contents));
  const own = [manifest.exec, manifest.config.blob, ...manifest.shims.map(({ blob }) => blob)].map(
    ({ digest }) => digest,
  );
  const kept = [...own, made.index.digest, made.contents.digest];
  const assembled = assemble({
    ...describeKeep(forgedManifest, factsOf(statement, manifest)),
    blobs: new Map([...all].filter(([digest]) => kept.includes(digest))),
    signatures: [],
    created: undefined,
  });
  const path = at('forged.keep');
  finish(writeContainer(path, 'tar', assembled.files));
  image.close();
  return verify(path).then(
    (accepted) => {
      accepted.close();
      return 'accepted';
    },
    (error: unknown) => (error instanceof MotteError ? error.code : String(error)),
  );
}

const flip = (offset: number) => (bytes: Uint8Array) =>
  bytes.map((byte, i) => (i === offset ? byte ^ 1 : byte));
const named = (path: string, text: string): Uint8Array =>
  encodeIndex([
    {
      kind: 'file',
      path,
      executable: false,
      size: text.length,
      digests: sha256(new TextEncoder().encode(text)),
    },
  ]);

for (const [what, change, code] of [
  ['nothing', {}, 'accepted'],
  ['a byte of the first file', { contents: flip(0) }, 'IMAGE_FILES'],
  ['a byte of the second chunk of a file', { contents: flip(9 + 65_536) }, 'IMAGE_FILES'],
  ['a byte less', { contents: (bytes: Uint8Array) => bytes.subarray(1) }, 'IMAGE_FILES'],
  ['a byte more', { contents: (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.of(0)]) }, 'IMAGE_FILES'],
  ['an index that is none', { index: flip(0) }, 'FILE_INDEX'],
  [
    'another file with its own index',
    { index: () => named('/srv/a', 'x'), contents: () => new TextEncoder().encode('x') },
    'IMAGE_MEASUREMENT',
  ],
  [
    'a file where Keep.toml names none',
    { index: () => named('/etc/a', 'x'), contents: () => new TextEncoder().encode('x') },
    'FILE_INDEX',
  ],
  ['no files where Keep.toml names some', { none: true }, 'FILE_INDEX'],
] as const) {
  test(`${what}: ${code}`, async () => assert.is(await forged(change), code));
}

test('what is not there is not built, and leaves nothing behind', async () => {
  const path = at('none.keep');
  const code = await build({ exec: execPath, config: TOML, folder: at('elsewhere'), output: path }).then(
    () => 'built',
    (error: unknown) => (error instanceof MotteError ? error.code : String(error)),
  );
  assert.is(code, 'IMAGE_SOURCE');
  assert.throws(() => readFileSync(path));
});

test.run();
