// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { bytesSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import type { FileIndex } from '@motte/config/image-files';
import type { KeepConfig } from '@motte/config/keep-config';
import { openContainer } from './container/open.js';
import type { Container } from './container/open.js';
import { streamBlob } from './container/stream.js';
import { verifyEnvelope } from './dsse/envelope.js';
import type { PublicKey } from './dsse/keys.js';
import { verifyFiles } from './files.js';
import { blobBytes, readImage } from './image.js';
import type { KeepImage } from './image.js';
import { checkCanonical, writeJson } from './json/canonical.js';
import type { ServedFiles } from '@motte/loader/keep/image-files';
import { shimVariant } from '@motte/config/shim-variant';
import { configIdOf, configOf, sgxKeep, sgxMeasurement } from './keep.js';
import type { SgxKeep } from './keep.js';
import type { KeepManifest, SgxMeasurement, ShimEntry } from './manifest/types.js';
import { checkSigstruct } from './sigstruct.js';
import type { Descriptor } from './oci/descriptor.js';
import { factsOf, makeStatement } from './provenance/make.js';
import { statementSchema } from './provenance/statement.js';
import { runSteps } from './steps.js';

/** The SGX Keep of a verified image: what `load` takes, once there is a SIGSTRUCT. */
export interface VerifiedKeep extends SgxKeep {
  /** What Keep.toml says. */
  readonly settings: KeepConfig;
  /** Genuine, and for this Keep. */
  readonly sigstruct: Uint8Array | undefined;
  readonly exec: ByteSource;
  readonly shim: ByteSource;
  readonly keepToml: ByteSource;
  /** The image's own files, where it has some. */
  readonly index?: FileIndex;
  readonly files?: ServedFiles;
}

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

/** The one part of the image that this version knows how to measure. Throws IMAGE_TEE, IMAGE_MEASUREMENT. */
function sgxPart(
  { shims, measurements }: KeepManifest,
  config: KeepConfig,
): { shim: ShimEntry; predicted: SgxMeasurement } {
  const other = [...shims, ...measurements].find(({ tee }) => tee !== 'sgx');
  if (other !== undefined)
    throw new MotteError('IMAGE_TEE', { field: 'Keep manifest', expected: 'sgx alone', found: other.tee });
  const [shim, secondShim] = shims;
  const [predicted, second] = measurements;
  const variant = shimVariant(config.sgx);
  if (shim === undefined || secondShim !== undefined || shim.variant !== variant) {
    const found = shims.map((one) => one.variant).join(', ');
    throw new MotteError('IMAGE_MEASUREMENT', { field: 'shims', expected: `${variant} alone`, found });
  }
  if (predicted?.tee !== 'sgx' || second !== undefined) {
    const expected = `one for ${variant}`;
    throw new MotteError('IMAGE_MEASUREMENT', {
      field: 'measurements',
      expected,
      found: measurements.length,
    });
  }
  return { shim, predicted };
}

function checkEqual(field: string, expected: string | number, found: string | number): void {
  if (expected !== found) throw new MotteError('IMAGE_MEASUREMENT', { field, expected, found });
}

/** An image of which everything that it says was found to be so. Only `verify` makes one. */
export class VerifiedImage {
  readonly digest: string;
  readonly manifest: KeepManifest;
  /** Who signed: keys that came with the image. Whose they are it cannot say. */
  readonly signers: readonly PublicKey[];
  readonly created: string | undefined;
  readonly sgx: VerifiedKeep;
  readonly #image: KeepImage;

  private constructor(image: KeepImage, sgx: VerifiedKeep) {
    this.digest = image.digest;
    this.manifest = image.manifest;
    this.signers = image.keys;
    this.created = image.created;
    this.sgx = sgx;
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
    const { manifest, blobs } = image;
    const source = ({ digest }: Descriptor): ByteSource => blobs.get(digest) as ByteSource;
    const blob = function* (descriptor: Descriptor, field: string): Steps<ByteSource> {
      yield* streamBlob(descriptor.digest, source(descriptor), field);
      return source(descriptor);
    };
    const exec = yield* blob(manifest.exec, 'exec');
    const keepToml = blobBytes(image.container.files, manifest.config.blob, 'Keep.toml');
    const settings = configOf(keepToml);
    const part = sgxPart(manifest, settings);
    const shim = yield* blob(part.shim.blob, `shim ${part.shim.variant}`);
    const files = yield* verifyFiles(manifest, source);
    const index = files?.index;
    const keep = yield* sgxKeep({ name: manifest.name, exec, shim, config: settings, index });
    checkEqual('config.configId', configIdOf(keep), manifest.config.configId);
    const own = sgxMeasurement(keep, settings);
    checkEqual(
      'measurements.0.parameters.version',
      own.parameters.version,
      part.predicted.parameters.version,
    );
    checkEqual('measurements.0.value', own.value, part.predicted.value);
    const { signature } = part.predicted;
    const sigstruct =
      signature === undefined ? undefined : blobBytes(image.container.files, signature, 'SIGSTRUCT');
    if (sigstruct !== undefined) checkSigstruct(sigstruct, keep, settings);
    return new VerifiedImage(image, {
      ...keep,
      settings,
      sigstruct,
      exec,
      shim,
      keepToml: bytesSource(keepToml),
      ...(files === undefined ? {} : { index: files.index, files: files.served }),
    });
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
