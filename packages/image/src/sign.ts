// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { bytesSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import { UNDATED, bcdDate, signSigstruct } from '@motte/sign/sgx/sign';
import { signedBytes } from '@motte/sign/sgx/sigstruct';
import type { SgxSigner } from '@motte/sign/sgx/sign';
import { assemble, describeKeep } from './assemble.js';
import type { Assembly, Described } from './assemble.js';
import type { WrittenImage } from './build.js';
import { openContainer } from './container/open.js';
import type { ImageFormat } from './container/open.js';
import { writeContainer } from './container/write.js';
import { signStatement, signedMessage } from './dsse/envelope.js';
import type { ImageSigner } from './dsse/signers.js';
import type { KeepManifest } from './manifest/types.js';
import { keepSigstruct } from './sigstruct.js';
import { describe } from './oci/descriptor.js';
import { fileLayers, nativeSignatures } from './oci/layout.js';
import { MEDIA } from './oci/media-types.js';
import { factsOf } from './provenance/make.js';
import { runSteps } from './steps.js';
import { verifyContainer } from './verify.js';
import type { VerifiedImage } from './verify.js';

/** Who signs an image. */
export interface SignOptions {
  /** Sign the provenance, and by it the whole image. */
  readonly signers?: readonly ImageSigner[];
  /** Makes the SIGSTRUCT. */
  readonly sgx?: SgxSigner;
  /** SIGSTRUCT.DATE, `YYYY-MM-DD`; `UNDATED` by default. */
  readonly date?: string;
  /** Where the signed image goes; by default it replaces the one that was given. */
  readonly output?: string;
  readonly format?: ImageFormat;
}

/** The SIGSTRUCT of a verified image, unsigned. */
function unsignedSigstruct({ sgx }: VerifiedImage, date: string = UNDATED): Uint8Array {
  return keepSigstruct(sgx, sgx.settings, bcdDate(date));
}

/** The bytes that an HSM signs to make the SIGSTRUCT: RSASSA-PKCS1-v1_5 with SHA-256. */
export function sgxMessage(image: VerifiedImage, date?: string): Uint8Array {
  return signedBytes(unsignedSigstruct(image, date));
}

/** What an HSM signs to sign the image as it is: DSSE's encoding of the provenance. */
export function messageToSign({ image }: VerifiedImage): Uint8Array {
  return signedMessage(image.statementBytes);
}

/** The manifest with a SIGSTRUCT in place of the one it had. */
function withSigstruct(manifest: KeepManifest, sigstruct: Uint8Array): KeepManifest {
  const signature = describe(MEDIA.sigstruct, sigstruct);
  return {
    ...manifest,
    measurements: manifest.measurements.map((one) => (one.tee === 'sgx' ? { ...one, signature } : one)),
  };
}

/** Signatures over the statement as it will be: those that stay right, and the new ones. Throws IMAGE_SIGNED. */
function signaturesOf(
  { image }: VerifiedImage,
  { statementBytes }: Described,
  signers: readonly ImageSigner[],
): Assembly['signatures'] {
  const fresh = new Map(signers.map((signer) => [signer.key.keyid, signer]));
  const kept = image.keys.filter(({ keyid }) => !fresh.has(keyid));
  const [lost] = kept;
  if (lost !== undefined && Buffer.compare(statementBytes, image.statementBytes) !== 0) {
    throw new MotteError('IMAGE_SIGNED', {
      field: 'SIGSTRUCT',
      message: 'a SIGSTRUCT changes what is signed already',
      expected: `the key ${lost.keyid} in the same call`,
    });
  }
  const old = new Map(image.envelope?.signatures.map((one) => [one.keyid, one]));
  return [
    ...kept.flatMap((key) => {
      const signature = old.get(key.keyid);
      return signature === undefined ? [] : [{ key, signature }];
    }),
    ...[...fresh.values()].map((signer) => ({
      key: signer.key,
      signature: signStatement(statementBytes, signer),
    })),
  ];
}

/** `sign` in steps, of an image that was verified. */
export function* signSteps(verified: VerifiedImage, options: SignOptions): Steps<WrittenImage> {
  const { image } = verified;
  const { signers = [], sgx } = options;
  if (signers.length === 0 && sgx === undefined)
    throw new MotteError('IMAGE_OPTION', {
      field: 'signers',
      expected: 'somebody who signs',
      found: 'nobody',
    });
  const sigstruct =
    sgx === undefined ? undefined : signSigstruct(unsignedSigstruct(verified, options.date), sgx);
  const manifest = sigstruct === undefined ? image.manifest : withSigstruct(image.manifest, sigstruct);
  const described = describeKeep(manifest, factsOf(image.statement, image.manifest));
  const names = [manifest.exec, manifest.config.blob, ...manifest.shims.map(({ blob }) => blob)];
  const blobs = new Map(
    [...names, ...fileLayers(manifest), ...nativeSignatures(manifest)].flatMap(({ digest }) => {
      const source = image.blobs.get(digest);
      return source === undefined ? [] : [[digest, source]];
    }),
  );
  if (sigstruct !== undefined) blobs.set(describe(MEDIA.sigstruct, sigstruct).digest, bytesSource(sigstruct));
  const { files, digest } = assemble({
    ...described,
    blobs,
    signatures: signaturesOf(verified, described, signers),
    created: image.created,
  });
  const { output: path = image.container.path, format = image.container.format } = options;
  yield* writeContainer(path, format, files);
  return { path, format, digest, manifest };
}

/**
 * Signs an image, after it was verified: nothing is signed that is not what it says. Signatures that are there stay,
 * unless the same key signs again. Rejects with IMAGE_*, SIGN_KEY, SIGSTRUCT_*; then nothing was changed.
 */
export async function sign(
  path: string,
  options: SignOptions & { readonly signal?: AbortSignal },
): Promise<WrittenImage> {
  const work = function* (): Steps<WrittenImage> {
    const verified = yield* verifyContainer(openContainer(path));
    try {
      return yield* signSteps(verified, options);
    } finally {
      verified.close();
    }
  };
  return runSteps(work(), options.signal);
}
