// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { bytesSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import { openContainer } from './container/open.js';
import type { Container } from './container/open.js';
import { verifyEnvelope } from './dsse/envelope.js';
import type { PublicKey } from './dsse/keys.js';
import { verifyFiles } from './files.js';
import { blobBytes, readImage } from './image.js';
import type { KeepImage } from './image.js';
import { checkCanonical, writeJson } from './json/canonical.js';
import { configIdOf, configOf } from './keep.js';
import type { KeepManifest } from './manifest/types.js';
import { teeParts } from './parts.js';
import { factsOf, makeStatement } from './provenance/make.js';
import { statementSchema } from './provenance/statement.js';
import { runSteps } from './steps.js';
import { checkEqual, hashedBlob, sourceOf, verifySgx, verifySnp } from './verify-keeps.js';
import type { VerifiedSgxKeep, VerifiedSnpKeep } from './verify-keeps.js';

export type { VerifiedKeep, VerifiedSgxKeep, VerifiedSnpKeep } from './verify-keeps.js';

/** What a verifier asks for beside a genuine image. */
export interface VerifyOptions {
  /** Keys that must all have signed. */
  readonly keys?: readonly PublicKey[];
}

function checkSigners({ keys }: KeepImage, { keys: wanted = [] }: VerifyOptions): void {
  const found = keys.length === 0 ? 'no signature' : keys.map(({ keyid }) => keyid).join(', ');
  const lacking = wanted.find((key) => !keys.some(({ keyid }) => keyid === key.keyid));
  if (lacking !== undefined)
    throw new MotteError('IMAGE_SIGNER', { field: 'signers', expected: lacking.keyid, found });
}

/** Whether what the image says of its making is about this image, and who signed that. */
function checkProvenance(image: KeepImage): void {
  const { manifest, manifestDescriptor, statement, statementBytes, envelope, keys } = image;
  const own = makeStatement(manifest, manifestDescriptor.digest, factsOf(statement, manifest));
  try {
    checkCanonical(statementBytes, writeJson(statementSchema, own, 'provenance'), 'provenance');
  } catch (cause) {
    if (!(cause instanceof MotteError)) throw cause;
    throw new MotteError('IMAGE_PROVENANCE', { field: 'provenance', message: cause.message, cause });
  }
  if (envelope !== undefined) verifyEnvelope(envelope, statementBytes, keys);
  else if (keys.length > 0)
    throw new MotteError('IMAGE_ENVELOPE', {
      field: 'signers',
      expected: 'an envelope',
      found: 'keys alone',
    });
}

/** An image of which everything that it says was found to be so. Only `verify` makes one. */
export class VerifiedImage {
  readonly digest: string;
  readonly manifest: KeepManifest;
  /** Who signed: keys that came with the image. Whose they are it cannot say. */
  readonly signers: readonly PublicKey[];
  readonly created: string | undefined;
  readonly sgx: VerifiedSgxKeep;
  /** Of an image that is for SEV-SNP, too. */
  readonly snp: VerifiedSnpKeep | undefined;
  readonly #image: KeepImage;

  private constructor(image: KeepImage, sgx: VerifiedSgxKeep, snp: VerifiedSnpKeep | undefined) {
    this.digest = image.digest;
    this.manifest = image.manifest;
    this.signers = image.keys;
    this.created = image.created;
    this.sgx = sgx;
    this.snp = snp;
    this.#image = image;
  }

  /** All parts, for whoever writes the image anew. */
  get image(): KeepImage {
    return this.#image;
  }

  /** Nothing reads the image's bytes after this. */
  close(): void {
    this.#image.close();
  }

  /** Verifies an open image; closing it is the caller's when this throws. */
  static *of(image: KeepImage, options: VerifyOptions = {}): Steps<VerifiedImage> {
    checkProvenance(image);
    checkSigners(image, options);
    const { manifest } = image;
    const exec = yield* hashedBlob(image, manifest.exec, 'exec');
    const keepToml = blobBytes(image.container.files, manifest.config.blob, 'Keep.toml');
    const settings = configOf(keepToml);
    const parts = teeParts(manifest, settings);
    const files = yield* verifyFiles(manifest, (descriptor) => sourceOf(image, descriptor));
    const own = { name: manifest.name, exec, config: settings, index: files?.index };
    checkEqual('config.configId', configIdOf(own), manifest.config.configId);
    const common = {
      settings,
      exec,
      keepToml: bytesSource(keepToml),
      ...(files === undefined ? {} : { index: files.index, files: files.served }),
    };
    const sgx = yield* verifySgx(image, own, parts.sgx);
    const snp = parts.snp === undefined ? undefined : yield* verifySnp(image, own, parts.snp);
    return new VerifiedImage(
      image,
      { ...common, ...sgx },
      snp === undefined ? undefined : { ...common, ...snp },
    );
  }
}

/** Opens and verifies in steps; a container that is refused is closed. */
export function* verifyContainer(container: Container, options: VerifyOptions = {}): Steps<VerifiedImage> {
  try {
    return yield* VerifiedImage.of(readImage(container), options);
  } catch (error) {
    container.close();
    throw error;
  }
}

/**
 * Opens an image and verifies all of it: form, every digest and size, provenance, signatures, every measurement computed
 * again, the SIGSTRUCT. The files stay open until `close`, so that what was verified is what is used. Rejects with IMAGE_*,
 * SIGSTRUCT_*, and what reading the parts throws.
 */
export async function verify(
  path: string,
  options: VerifyOptions & { readonly signal?: AbortSignal } = {},
): Promise<VerifiedImage> {
  const work = function* (): Steps<VerifiedImage> {
    return yield* verifyContainer(openContainer(path), options);
  };
  return runSteps(work(), options.signal);
}

/** Opens an image and checks its form alone. Whoever uses what it says uses what nobody has verified. */
export function open(path: string): KeepImage {
  const container = openContainer(path);
  try {
    return readImage(container);
  } catch (error) {
    container.close();
    throw error;
  }
}
