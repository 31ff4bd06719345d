// SPDX-License-Identifier: Apache-2.0
// What other tools see of an image: the facts of the OCI image specification 1.1, and skopeo where it is installed.
import { readBytes } from '@motte/binary/source';
import { verify } from '@motte/image';
import { openContainer } from '@motte/image/container/open';
import { schemaFaults } from '@motte/test-helpers/json-schema';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, signedImage } from './support/samples.js';

// From descriptor.md, image-index.md, manifest.md and image-layout.md, not from our own schemas.
const MEDIA_TYPE = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$',
};
const DIGEST = { type: 'string', pattern: '^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$' };
const DESCRIPTOR = {
  type: 'object',
  required: ['mediaType', 'digest', 'size'],
  properties: {
    mediaType: MEDIA_TYPE,
    digest: DIGEST,
    size: { type: 'integer', minimum: 0 },
    artifactType: MEDIA_TYPE,
  },
};
const SCHEMAS: Readonly<Record<string, object>> = {
  'oci-layout': {
    type: 'object',
    required: ['imageLayoutVersion'],
    properties: { imageLayoutVersion: { enum: ['1.0.0'] } },
  },
  'index.json': {
    type: 'object',
    required: ['schemaVersion', 'manifests'],
    properties: {
      schemaVersion: { const: 2 },
      mediaType: MEDIA_TYPE,
      manifests: { type: 'array', items: DESCRIPTOR },
    },
  },
  manifest: {
    type: 'object',
    required: ['schemaVersion', 'config', 'layers'],
    properties: {
      schemaVersion: { const: 2 },
      mediaType: { const: 'application/vnd.oci.image.manifest.v1+json' },
      artifactType: MEDIA_TYPE,
      config: DESCRIPTOR,
      // A portable manifest has at least one layer.
      layers: { type: 'array', minItems: 1, items: DESCRIPTOR },
    },
  },
};

type Json = Record<string, unknown> & { manifests: { digest: string; mediaType: string }[] };

test('the layout is one by the specification', () => {
  const container = openContainer(signedImage);
  const bytes = (name: string): Uint8Array => {
    const source = container.files.get(name);
    assert.ok(source, name);
    return readBytes(source, 0, source.size);
  };
  const json = (name: string): Json => JSON.parse(Buffer.from(bytes(name)).toString('utf8')) as Json;
  const faults = (schema: string, value: unknown): string[] =>
    schemaFaults(SCHEMAS[schema] as Record<string, unknown>, value);
  assert.equal(faults('oci-layout', json('oci-layout')), []);
  const index = json('index.json');
  assert.equal(faults('index.json', index), []);
  const [manifest] = index.manifests;
  assert.is(manifest?.mediaType, 'application/vnd.oci.image.manifest.v1+json');
  assert.equal(faults('manifest', json(`blobs/${manifest?.digest.replace(':', '/')}`)), []);
  for (const name of container.files.keys()) {
    if (!name.startsWith('blobs/')) continue;
    assert.is(name, `blobs/sha256/${createHash('sha256').update(bytes(name)).digest('hex')}`);
  }
  container.close();
});

const digestOf = async (path: string): Promise<string> => {
  const image = await verify(path);
  image.close();
  return image.digest;
};

if (spawnSync('skopeo', ['--version']).status !== 0) {
  console.log('skipped: copies by skopeo: it is not installed');
} else {
  test('skopeo copies an image as it is, from an archive to a folder and back', async () => {
    // skopeo takes what follows a colon in a path for a tag; the suffix does not matter.
    copyFileSync(signedImage, at('archive.tar'));
    const digest = await digestOf(signedImage);
    for (const [from, to, path] of [
      [`oci-archive:${at('archive.tar')}`, `oci:${at('copied')}`, at('copied')],
      [`oci:${at('copied')}`, `oci-archive:${at('copied.tar')}`, at('copied.tar')],
      [`oci:${at('copied')}`, `oci:${at('tagged')}:v1`, at('tagged')],
    ] as const) {
      const ran = spawnSync('skopeo', ['copy', '--insecure-policy', from, to], { encoding: 'utf8' });
      assert.is(ran.status, 0, ran.stderr);
      assert.is(await digestOf(path), digest, path);
    }
  });
}

test.run();
