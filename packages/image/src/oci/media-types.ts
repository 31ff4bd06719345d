// SPDX-License-Identifier: Apache-2.0

/** Media types of the OCI image specification 1.1, of in-toto and DSSE, and of our own parts. */
export const MEDIA = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  /** `artifactType` of a Keep image. */
  keep: 'application/vnd.motte.keep.v1',
  /** The Keep manifest, which is the OCI manifest's `config`. */
  keepManifest: 'application/vnd.motte.keep.manifest.v1+json',
  exec: 'application/vnd.motte.keep.exec.v1',
  shim: 'application/vnd.motte.keep.shim.v1',
  /** The file index of `[[image]]` (docs/config-blob.md), and the contents of its files. */
  fileIndex: 'application/vnd.motte.keep.files.index.v1',
  fileContents: 'application/vnd.motte.keep.files.v1',
  keepToml: 'application/vnd.motte.keep.toml.v1',
  sigstruct: 'application/vnd.motte.keep.sgx.sigstruct.v1',
  idBlock: 'application/vnd.motte.keep.snp.id-block.v1',
  idAuth: 'application/vnd.motte.keep.snp.id-auth.v1',
  provenance: 'application/vnd.in-toto+json',
  envelope: 'application/vnd.dsse.envelope.v1+json',
  /** A signer's public key, PEM. */
  signer: 'application/vnd.motte.keep.signer.v1',
} as const;

/** A media type that an image can have. */
export type MediaType = (typeof MEDIA)[keyof typeof MEDIA];
