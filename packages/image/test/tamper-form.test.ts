// SPDX-License-Identifier: Apache-2.0
// What is done to the form of an image: digests, JSON, the OCI layout.
import { test } from 'uvu';
import { reseal } from './support/forge.js';
import type { Json } from './support/forge.js';
import { enc, files, holds, index, keep, keepText, oci, testRows } from './support/tamper.js';
import type { Row } from './support/tamper.js';

const ROWS: readonly Row[] = [
  // digests
  [
    'a downgrade: SHA-1 for the exec',
    keep((k) => (k.exec.digest = `sha1:${'0'.repeat(40)}`)),
    'IMAGE_DIGEST_ALGORITHM',
    /exec.digest/,
  ],
  [
    'SHA-512 for the exec',
    keep((k) => (k.exec.digest = `sha512:${'0'.repeat(128)}`)),
    'IMAGE_DIGEST_ALGORITHM',
    /exec.digest/,
  ],
  [
    'a downgrade in the OCI manifest',
    oci((o) => void (o.layers[0].digest = `md5:${'0'.repeat(32)}`)),
    'IMAGE_DIGEST_ALGORITHM',
    /layers.0.digest/,
  ],
  [
    'a downgrade in the index',
    index((i) => void (i.manifests[0].digest = `sha1:${'0'.repeat(40)}`)),
    'IMAGE_DIGEST_ALGORITHM',
    /manifests.0.digest/,
  ],
  [
    'a blob of another algorithm',
    files((f) => void f.set('blobs/sha512/00', enc('x'))),
    'IMAGE_DIGEST_ALGORITHM',
  ],
  [
    'a digest in capitals',
    keep((k) => (k.exec.digest = k.exec.digest.toUpperCase().replace('SHA256', 'sha256'))),
    'IMAGE_FIELD',
    /exec.digest/,
  ],
  ['a size that is not the blob’s', keep((k) => (k.exec.size += 1)), 'IMAGE_CANONICAL'],
  [
    'a size that is not the blob’s, everywhere',
    (p) => {
      p.keep.exec.size += 1;
      reseal(p);
      p.editOci = (o) => ((o.layers[0].size += 1), o);
    },
    'IMAGE_BLOB_DIGEST',
    /size/,
  ],

  // JSON
  [
    'a key twice in the Keep manifest',
    keepText((t) => t.replace('"version":1,', '"version":1,"version":1,')),
    'IMAGE_DUPLICATE_KEY',
    /version/,
  ],
  [
    'a key twice, once escaped',
    keepText((t) => t.replace('"name":', '"n\\u0061me":"x","name":')),
    'IMAGE_DUPLICATE_KEY',
    /name/,
  ],
  [
    'a key twice, deep inside',
    keepText((t) => t.replace('"parameters":{', '"parameters":{"version":1,')),
    'IMAGE_DUPLICATE_KEY',
    /version/,
  ],
  [
    'a key twice in the index',
    index((i) => JSON.stringify(i).replace('"schemaVersion":2', '"schemaVersion":2,"schemaVersion":2')),
    'IMAGE_DUPLICATE_KEY',
  ],
  [
    'a key twice in the OCI manifest',
    oci((o) => JSON.stringify(o).replace('"layers":', '"layers":[],"layers":')),
    'IMAGE_DUPLICATE_KEY',
  ],
  [
    'keys in another order',
    keepText((t) => t.replace(/^\{"version":1,("name":"[^"]*",)/, '{$1"version":1,')),
    'IMAGE_CANONICAL',
  ],
  ['a space', keepText((t) => t.replace('"version":1', '"version": 1')), 'IMAGE_CANONICAL'],
  ['a number in another form', keepText((t) => t.replace('"version":1', '"version":1.0')), 'IMAGE_CANONICAL'],
  ['a text with an escape', keepText((t) => t.replace('"program"', '"\\u0070rogram"')), 'IMAGE_CANONICAL'],
  ['a newline at the end', keepText((t) => `${t}\n`), 'IMAGE_CANONICAL'],
  ['a byte order mark', keepText((t) => `\ufeff${t}`), 'IMAGE_JSON'],
  ['two values', keepText((t) => `${t}{}`), 'IMAGE_JSON'],
  ['half a value', keepText((t) => t.slice(0, -1)), 'IMAGE_JSON'],
  ['JSON that is not UTF-8', (p) => ((p.keep = Uint8Array.of(0x22, 0xff, 0x22)), reseal(p)), 'IMAGE_JSON'],
  ['an unknown member', keep((k) => (k.extra = 1)), 'IMAGE_FIELD', /extra/],
  [
    'a __proto__',
    keepText((t) => t.replace('"version":1', '"__proto__":{},"version":1')),
    'IMAGE_FIELD',
    /__proto__/,
  ],
  ['a missing member', keep((k) => delete k.name), 'IMAGE_FIELD', /name/],
  ['version 2', keep((k) => (k.version = 2)), 'IMAGE_FIELD', /version/],
  ['a name with a slash', keep((k) => (k.name = '../x')), 'IMAGE_FIELD', /name/],
  ['a size that is no integer', keep((k) => (k.exec.size = 1.5)), 'IMAGE_FIELD', /exec.size/],

  // index.json and oci-layout, which tools that copy write anew
  ['an index as skopeo writes it', index((i) => ({ schemaVersion: 2, manifests: i.manifests })), 'accepted'],
  [
    'a tag',
    index((i) => void (i.manifests[0].annotations = { 'org.opencontainers.image.ref.name': 'v1' })),
    'accepted',
  ],
  ['an index with spaces', index((i) => JSON.stringify(i, null, 2)), 'accepted'],
  [
    'oci-layout with a space',
    files((f) => void f.set('oci-layout', enc('{"imageLayoutVersion": "1.0.0"}'))),
    'accepted',
  ],
  [
    'oci-layout with more in it',
    files((f) => void f.set('oci-layout', enc('{"imageLayoutVersion":"1.0.0","a":1}'))),
    'IMAGE_FIELD',
    /oci-layout: a/,
  ],
  [
    'oci-layout twice',
    files(
      (f) => void f.set('oci-layout', enc('{"imageLayoutVersion":"1.0.0","imageLayoutVersion":"1.0.0"}')),
    ),
    'IMAGE_DUPLICATE_KEY',
  ],
  [
    'a manifest for a platform',
    index((i) => void (i.manifests[0].platform = { os: 'linux' })),
    'IMAGE_FIELD',
    /platform/,
  ],
  [
    'an index of another artifact',
    index((i) => void (i.manifests[0].artifactType = 'a/b')),
    'IMAGE_FIELD',
    /artifactType/,
  ],
  [
    'an index of an index',
    index((i) => void (i.manifests[0].mediaType = i.mediaType)),
    'IMAGE_FIELD',
    /mediaType/,
  ],
  [
    'a tag that is no text',
    index((i) => void (i.manifests[0].annotations = { a: 1 })),
    'IMAGE_FIELD',
    /annotations/,
  ],

  // the OCI layout
  ['a second manifest', index((i) => void i.manifests.push(i.manifests[0])), 'IMAGE_FIELD', /manifests/],
  ['no manifest', index((i) => ({ ...i, manifests: [] })), 'IMAGE_FIELD', /manifests/],
  [
    'layers in another order',
    oci((o) => ({ ...o, layers: o.layers.toReversed() })),
    'IMAGE_CANONICAL',
    /OCI manifest/,
  ],
  ['a layer twice', oci((o) => void o.layers.unshift(o.layers[0])), 'IMAGE_CANONICAL', /OCI manifest/],
  [
    'no provenance',
    (p) => {
      p.editOci = (o) => ({ ...o, layers: o.layers.filter((l: Json) => !l.mediaType.includes('in-toto')) });
      p.editFiles = (f) => void f.delete([...f].find(([, b]) => holds('{"_type"')(b))?.[0] ?? '');
    },
    'IMAGE_FIELD',
    /layers/,
  ],
  [
    'an unknown media type',
    oci((o) => void (o.layers[0].mediaType = 'application/x-sh')),
    'IMAGE_FIELD',
    /layers.0.mediaType/,
  ],
  [
    'an artifact of another type',
    oci((o) => void (o.artifactType = 'application/x')),
    'IMAGE_FIELD',
    /artifactType/,
  ],
  ['an annotation', oci((o) => void (o.annotations = { a: 'b' })), 'IMAGE_FIELD', /annotations/],
  [
    'urls in a descriptor',
    oci((o) => void (o.layers[0].urls = ['https://example.org'])),
    'IMAGE_FIELD',
    /urls/,
  ],
  ['an extra blob', files((f) => void f.set(`blobs/sha256/${'0'.repeat(64)}`, enc('x'))), 'IMAGE_BLOB_EXTRA'],
  [
    'a missing blob',
    files((f) => void f.delete([...f].find(([, b]) => b.length === 1808)?.[0] ?? '')),
    'IMAGE_BLOB_MISSING',
    /layers.4/,
  ],
  ['no index', files((f) => void f.delete('index.json')), 'IMAGE_LAYOUT', /index.json/],
  ['no oci-layout', files((f) => void f.delete('oci-layout')), 'IMAGE_LAYOUT', /oci-layout/],
  [
    'an index of megabytes',
    (p) => (p.editFiles = (f) => void f.set('index.json', new Uint8Array(5 << 20).fill(0x20))),
    'IMAGE_LIMIT',
    /index.json/,
  ],
  ['deep nesting', index(() => '['.repeat(100) + ']'.repeat(100)), 'IMAGE_JSON'],
];

testRows(ROWS);

test.run();
