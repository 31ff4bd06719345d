// SPDX-License-Identifier: Apache-2.0
// oci-layout, index.json and the OCI manifest: what a registry or another tool sees of an image. OCI image-spec 1.1,
// image-layout.md, image-index.md, manifest.md.
import * as v from 'valibot';
import { writeJson } from '../json/canonical.js';
import type { KeepManifest } from '../manifest/types.js';
import { descriptorSchema, digestSchema, sizeSchema } from './descriptor.js';
import type { Descriptor } from './descriptor.js';
import { MEDIA } from './media-types.js';
import type { MediaType } from './media-types.js';

/** All of oci-layout, as we write it. */
export const LAYOUT_JSON: Uint8Array = new TextEncoder().encode('{"imageLayoutVersion":"1.0.0"}');

/** When the image was made, where somebody says so (SOURCE_DATE_EPOCH). */
export const CREATED = 'org.opencontainers.image.created';

/** oci-layout. */
export const layoutSchema: v.GenericSchema<{ readonly imageLayoutVersion: '1.0.0' }> = v.strictObject({
  imageLayoutVersion: v.literal('1.0.0'),
});

/**
 * index.json: the one manifest. It and oci-layout are what every tool that copies an image writes anew, in its own form
 * and with the members that it knows; all else has a digest. What they name is what counts.
 */
export interface OciIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: typeof MEDIA.index;
  readonly manifests: readonly [
    Descriptor<typeof MEDIA.manifest> & {
      readonly artifactType?: typeof MEDIA.keep;
      /** A tag, for tools that look for one. */
      readonly annotations?: Readonly<Record<string, string>>;
    },
  ];
}

export const indexSchema: v.GenericSchema<OciIndex> = v.strictObject({
  schemaVersion: v.literal(2),
  mediaType: v.exactOptional(v.literal(MEDIA.index)),
  manifests: v.strictTuple([
    v.strictObject({
      mediaType: v.literal(MEDIA.manifest),
      digest: digestSchema,
      size: sizeSchema,
      artifactType: v.exactOptional(v.literal(MEDIA.keep)),
      annotations: v.exactOptional(v.record(v.string(), v.string())),
    }),
  ]),
});

/** What a layer can be. */
export type LayerType = Exclude<
  MediaType,
  typeof MEDIA.index | typeof MEDIA.manifest | typeof MEDIA.keep | typeof MEDIA.keepManifest
>;

const LAYERS: readonly [LayerType, ...LayerType[]] = [
  MEDIA.exec,
  MEDIA.shim,
  MEDIA.keepToml,
  MEDIA.fileIndex,
  MEDIA.fileContents,
  MEDIA.sigstruct,
  MEDIA.idBlock,
  MEDIA.idAuth,
  MEDIA.provenance,
  MEDIA.envelope,
  MEDIA.signer,
];

/** The OCI manifest. */
export interface OciManifest {
  readonly schemaVersion: 2;
  readonly mediaType: typeof MEDIA.manifest;
  readonly artifactType: typeof MEDIA.keep;
  readonly config: Descriptor<typeof MEDIA.keepManifest>;
  readonly layers: readonly Descriptor<LayerType>[];
  readonly annotations?: { readonly [CREATED]: string };
}

export const ociManifestSchema: v.GenericSchema<OciManifest> = v.strictObject({
  schemaVersion: v.literal(2),
  mediaType: v.literal(MEDIA.manifest),
  artifactType: v.literal(MEDIA.keep),
  config: descriptorSchema(MEDIA.keepManifest),
  layers: v.pipe(v.array(descriptorSchema(...LAYERS)), v.maxLength(1024)),
  annotations: v.exactOptional(
    v.strictObject({ [CREATED]: v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)) }),
  ),
});

/** What the layers are made of. */
export interface Layers {
  readonly config: Descriptor<typeof MEDIA.keepManifest>;
  readonly manifest: KeepManifest;
  readonly provenance: Descriptor<typeof MEDIA.provenance>;
  readonly envelope: Descriptor<typeof MEDIA.envelope> | undefined;
  readonly signers: readonly Descriptor<typeof MEDIA.signer>[];
  /** RFC 3339, whole seconds, UTC. */
  readonly created: string | undefined;
}

type Native = Descriptor<typeof MEDIA.sigstruct | typeof MEDIA.idBlock | typeof MEDIA.idAuth>;

/** The native signatures of a manifest, in its order. */
export function nativeSignatures({ measurements }: KeepManifest): Native[] {
  return measurements.flatMap((one): Native[] => {
    if (one.tee === 'sgx' && one.signature !== undefined) return [one.signature];
    if (one.tee === 'snp' && one.signature !== undefined)
      return [one.signature.idBlock, one.signature.idAuth];
    return [];
  });
}

/** The index and the contents of the image's own files, if it has some. */
export function fileLayers({ files }: KeepManifest): Descriptor<LayerType>[] {
  return files === undefined ? [] : [files.index, files.contents];
}

/** The one OCI manifest of these parts. */
export function ociManifest(parts: Layers): Uint8Array {
  const { manifest, envelope, created } = parts;
  const oci: OciManifest = {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    artifactType: MEDIA.keep,
    config: parts.config,
    layers: [
      manifest.exec,
      ...manifest.shims.map(({ blob }) => blob),
      manifest.config.blob,
      ...fileLayers(manifest),
      ...nativeSignatures(manifest),
      parts.provenance,
      ...(envelope === undefined ? [] : [envelope]),
      ...parts.signers,
    ],
    ...(created === undefined ? {} : { annotations: { [CREATED]: created } }),
  };
  return writeJson(ociManifestSchema, oci, 'OCI manifest');
}

/** The index that we write for an image whose OCI manifest this is. */
export function ociIndex({ digest, size }: Descriptor<typeof MEDIA.manifest>): Uint8Array {
  const index: OciIndex = {
    schemaVersion: 2,
    mediaType: MEDIA.index,
    manifests: [{ mediaType: MEDIA.manifest, digest, size, artifactType: MEDIA.keep }],
  };
  return writeJson(indexSchema, index, 'index.json');
}
