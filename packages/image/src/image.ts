// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { readBytes } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { sha256 } from '@motte/measure/hash';
import { INDEX_FILE, LAYOUT_FILE, blobDigest, blobName } from './container/names.js';
import type { FileMap } from './container/names.js';
import type { Container } from './container/open.js';
import { readEnvelope } from './dsse/envelope.js';
import type { Envelope } from './dsse/envelope.js';
import { publicKeyFromPem } from './dsse/keys.js';
import type { PublicKey } from './dsse/keys.js';
import { checkCanonical, readJson, readLooseJson } from './json/canonical.js';
import { keepManifestSchema } from './manifest/schema.js';
import type { KeepManifest } from './manifest/types.js';
import { digestOf } from './oci/descriptor.js';
import type { Descriptor } from './oci/descriptor.js';
import { CREATED, indexSchema, layoutSchema, ociManifest, ociManifestSchema } from './oci/layout.js';
import type { OciManifest } from './oci/layout.js';
import { MEDIA } from './oci/media-types.js';
import type { MediaType } from './oci/media-types.js';
import { statementSchema } from './provenance/statement.js';
import type { Statement } from './provenance/statement.js';

/** Most bytes of a part that is read whole. */
const MOST_PART = 1 << 22;

/** An image that was opened: well-formed in every part, and verified in none. `verify` says whether it is what it says. */
export interface KeepImage {
  readonly container: Container;
  /** Of the OCI manifest: what the image is called by. */
  readonly digest: string;
  readonly manifest: KeepManifest;
  readonly manifestDescriptor: Descriptor<typeof MEDIA.keepManifest>;
  readonly statement: Statement;
  readonly statementBytes: Uint8Array;
  readonly envelope: Envelope | undefined;
  /** The keys that the image brings for its signatures, in the order of their keyid. */
  readonly keys: readonly PublicKey[];
  /** When it was made, where its builder said so. */
  readonly created: string | undefined;
  /** Every blob, by its digest. */
  readonly blobs: ReadonlyMap<string, ByteSource>;
  close(): void;
}

/** A part that is read whole. Throws IMAGE_LIMIT. The caller owns the bytes. */
function readPart(source: ByteSource, field: string): Uint8Array {
  if (source.size > MOST_PART)
    throw new MotteError('IMAGE_LIMIT', {
      field,
      expected: `at most ${MOST_PART} bytes`,
      found: source.size,
    });
  return readBytes(source, 0, source.size);
}

/** The blob that a descriptor names, of the size that it says. Throws IMAGE_BLOB_MISSING, IMAGE_BLOB_DIGEST. */
function blobSource(files: FileMap, { digest, size }: Descriptor, field: string): ByteSource {
  const source = files.get(blobName(digest));
  if (source === undefined) throw new MotteError('IMAGE_BLOB_MISSING', { field, expected: digest });
  if (source.size !== size)
    throw new MotteError('IMAGE_BLOB_DIGEST', {
      field: `${field}: size`,
      expected: size,
      found: source.size,
    });
  return source;
}

/** As `blobSource`, read whole and once, and its digest computed: the bytes that come back are those that were hashed. */
export function blobBytes(files: FileMap, descriptor: Descriptor, field: string): Uint8Array {
  const bytes = readPart(blobSource(files, descriptor, field), field);
  const found = digestOf(sha256(bytes));
  if (found !== descriptor.digest)
    throw new MotteError('IMAGE_BLOB_DIGEST', { field, expected: descriptor.digest, found });
  return bytes;
}

function layerOf<M extends MediaType>(oci: OciManifest, mediaType: M): Descriptor<M>[] {
  return oci.layers.filter((one): one is Descriptor<never> => one.mediaType === mediaType);
}

function readKey(files: FileMap, descriptor: Descriptor, i: number): PublicKey {
  const field = `signer ${i}`;
  const bytes = blobBytes(files, descriptor, field);
  const key = publicKeyFromPem(bytes);
  checkCanonical(bytes, new TextEncoder().encode(key.pem), field);
  return key;
}

/** The OCI manifest that index.json names. */
function readOci(files: FileMap): { oci: OciManifest; bytes: Uint8Array; digest: string } {
  const part = (name: string): Uint8Array => readPart(files.get(name) as ByteSource, name);
  readLooseJson(layoutSchema, part(LAYOUT_FILE), LAYOUT_FILE);
  const [descriptor] = readLooseJson(indexSchema, part(INDEX_FILE), INDEX_FILE).manifests;
  const bytes = blobBytes(files, descriptor, 'OCI manifest');
  return { oci: readJson(ociManifestSchema, bytes, 'OCI manifest'), bytes, digest: descriptor.digest };
}

/** Every blob that the manifest names, and none besides. */
function allBlobs(files: FileMap, oci: OciManifest, digest: string): ReadonlyMap<string, ByteSource> {
  const blobs = new Map<string, ByteSource>();
  for (const [i, layer] of oci.layers.entries())
    blobs.set(layer.digest, blobSource(files, layer, `OCI manifest: layers.${i}`));
  const named = new Set([digest, oci.config.digest, ...blobs.keys()]);
  for (const name of files.keys()) {
    const found = blobDigest(name);
    if (found !== undefined && !named.has(found)) throw new MotteError('IMAGE_BLOB_EXTRA', { field: name });
  }
  return blobs;
}

/** Reads the parts of an image that say what it is. Throws IMAGE_*; the container stays the caller's to close then. */
export function readImage(container: Container): KeepImage {
  const { files } = container;
  const { oci, bytes, digest } = readOci(files);
  const blobs = allBlobs(files, oci, digest);
  const manifest = readJson(
    keepManifestSchema,
    blobBytes(files, oci.config, 'Keep manifest'),
    'Keep manifest',
  );
  const [provenance] = layerOf(oci, MEDIA.provenance);
  const [envelope] = layerOf(oci, MEDIA.envelope);
  const signers = layerOf(oci, MEDIA.signer);
  if (provenance === undefined)
    throw new MotteError('IMAGE_FIELD', {
      field: 'OCI manifest: layers',
      expected: 'a provenance',
      found: 'none',
    });
  const created = oci.annotations?.[CREATED];
  const expected = ociManifest({ config: oci.config, manifest, provenance, envelope, signers, created });
  checkCanonical(bytes, expected, 'OCI manifest');
  const statementBytes = blobBytes(files, provenance, 'provenance');
  return {
    container,
    digest,
    manifest,
    manifestDescriptor: oci.config,
    statement: readJson(statementSchema, statementBytes, 'provenance'),
    statementBytes,
    envelope: envelope === undefined ? undefined : readEnvelope(blobBytes(files, envelope, 'DSSE envelope')),
    keys: signers.map((one, i) => readKey(files, one, i)),
    created,
    blobs,
    close: () => container.close(),
  };
}
