// SPDX-License-Identifier: Apache-2.0
import { bytesSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { INDEX_FILE, LAYOUT_FILE, blobName } from './container/names.js';
import type { FileMap } from './container/names.js';
import { writeEnvelope } from './dsse/envelope.js';
import type { EnvelopeSignature } from './dsse/envelope.js';
import type { PublicKey } from './dsse/keys.js';
import { writeJson } from './json/canonical.js';
import { keepManifestSchema } from './manifest/schema.js';
import type { KeepManifest } from './manifest/types.js';
import { describe } from './oci/descriptor.js';
import type { Descriptor } from './oci/descriptor.js';
import { LAYOUT_JSON, ociIndex, ociManifest } from './oci/layout.js';
import { MEDIA } from './oci/media-types.js';
import type { MediaType } from './oci/media-types.js';
import { makeStatement } from './provenance/make.js';
import type { BuildFacts } from './provenance/make.js';
import { statementSchema } from './provenance/statement.js';

/** A manifest and its statement in their canonical bytes: what signers sign. */
export interface Described {
  readonly manifest: KeepManifest;
  readonly manifestBytes: Uint8Array;
  readonly statementBytes: Uint8Array;
}

/** The Keep manifest and the statement that goes with it. Throws IMAGE_FIELD. */
export function describeKeep(manifest: KeepManifest, facts: BuildFacts): Described {
  const manifestBytes = writeJson(keepManifestSchema, manifest, 'Keep manifest');
  const { digest } = describe(MEDIA.keepManifest, manifestBytes);
  const statement = makeStatement(manifest, digest, facts);
  return { manifest, manifestBytes, statementBytes: writeJson(statementSchema, statement, 'provenance') };
}

/** What an image is assembled of. */
export interface Assembly extends Described {
  /** Exec, shims, Keep.toml and native signatures, by their digest. */
  readonly blobs: ReadonlyMap<string, ByteSource>;
  /** Signatures of the statement, and the keys that made them. */
  readonly signatures: readonly { readonly key: PublicKey; readonly signature: EnvelopeSignature }[];
  readonly created: string | undefined;
}

/** All files of the image of these parts, and its digest. */
export function assemble(parts: Assembly): { readonly files: FileMap; readonly digest: string } {
  const files = new Map([...parts.blobs].map(([digest, source]) => [blobName(digest), source]));
  const add = <const M extends MediaType>(mediaType: M, bytes: Uint8Array): Descriptor<M> => {
    const descriptor = describe(mediaType, bytes);
    files.set(blobName(descriptor.digest), bytesSource(bytes));
    return descriptor;
  };
  const signatures = [...parts.signatures].sort((a, b) => (a.key.keyid < b.key.keyid ? -1 : 1));
  const envelope = (): Descriptor<typeof MEDIA.envelope> =>
    add(
      MEDIA.envelope,
      writeEnvelope(
        parts.statementBytes,
        signatures.map(({ signature }) => signature),
      ),
    );
  const oci = ociManifest({
    config: add(MEDIA.keepManifest, parts.manifestBytes),
    manifest: parts.manifest,
    provenance: add(MEDIA.provenance, parts.statementBytes),
    envelope: signatures.length === 0 ? undefined : envelope(),
    signers: signatures.map(({ key }) => add(MEDIA.signer, new TextEncoder().encode(key.pem))),
    created: parts.created,
  });
  const descriptor = add(MEDIA.manifest, oci);
  files.set(INDEX_FILE, bytesSource(ociIndex(descriptor)));
  files.set(LAYOUT_FILE, bytesSource(LAYOUT_JSON));
  return { files, digest: descriptor.digest };
}
