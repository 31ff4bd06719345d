// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { Steps } from '@motte/binary/steps';
import { signedBytes } from '@motte/sign/sgx/sigstruct';
import type { SgxSigner } from '@motte/sign/sgx/sign';
import type { SnpIdentity } from '@motte/sign/snp/id-block';
import { assemble, describeKeep } from './assemble.js';
import type { Assembly, Described } from './assemble.js';
import type { WrittenImage } from './build.js';
import { openContainer } from './container/open.js';
import type { ImageFormat } from './container/open.js';
import { writeContainer } from './container/write.js';
import { signStatement, signedMessage } from './dsse/envelope.js';
import type { ImageSigner } from './dsse/signers.js';
import { NativeSignatures, unsignedSigstruct } from './native.js';
import { fileLayers, nativeSignatures } from './oci/layout.js';
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
  /** Makes the ID block for the launch digest, and its authentication. */
  readonly snp?: (launchDigest: Uint8Array) => SnpIdentity;
  /** SIGSTRUCT.DATE, `YYYY-MM-DD`; `UNDATED` by default. */
  readonly date?: string;
  /** Where the signed image goes; by default it replaces the one that was given. */
  readonly output?: string;
  readonly format?: ImageFormat;
}

/** The bytes that an HSM signs to make the SIGSTRUCT: RSASSA-PKCS1-v1_5 with SHA-256. */
export function sgxMessage(image: VerifiedImage, date?: string): Uint8Array {
  return signedBytes(unsignedSigstruct(image, date));
}

/** What an HSM signs to sign the image as it is: DSSE's encoding of the provenance. */
export function messageToSign({ image }: VerifiedImage): Uint8Array {
  return signedMessage(image.statementBytes);
}

/** Signatures over the statement as it will be: those that stay right, and the new ones. Throws IMAGE_SIGNED. */
function signaturesOf(
  { image }: VerifiedImage,
  { statementBytes }: Described,
  { signers = [], sgx }: SignOptions,
): Assembly['signatures'] {
  const native = sgx === undefined ? 'ID block' : 'SIGSTRUCT';
  const fresh = new Map(signers.map((signer) => [signer.key.keyid, signer]));
  const kept = image.keys.filter(({ keyid }) => !fresh.has(keyid));
  const [lost] = kept;
  if (lost !== undefined && Buffer.compare(statementBytes, image.statementBytes) !== 0) {
    throw new MotteError('IMAGE_SIGNED', {
      field: native,
      message: `another ${native} changes what is signed already`,
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
  const { signers = [], sgx, snp } = options;
  if (signers.length === 0 && sgx === undefined && snp === undefined)
    throw new MotteError('IMAGE_OPTION', {
      field: 'signers',
      expected: 'somebody who signs',
      found: 'nobody',
    });
  const native = new NativeSignatures(verified, options);
  const manifest = native.within(image.manifest);
  const described = describeKeep(manifest, factsOf(image.statement, image.manifest));
  const names = [manifest.exec, manifest.config.blob, ...manifest.shims.map(({ blob }) => blob)];
  const blobs = new Map(
    [...names, ...fileLayers(manifest), ...nativeSignatures(manifest)].flatMap(({ digest }) => {
      const source = image.blobs.get(digest);
      return source === undefined ? [] : [[digest, source]];
    }),
  );
  for (const [name, source] of native.blobs) blobs.set(name, source);
  const { files, digest } = assemble({
    ...described,
    blobs,
    signatures: signaturesOf(verified, described, options),
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
