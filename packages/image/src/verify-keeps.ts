// SPDX-License-Identifier: Apache-2.0
// The Keeps of an image, planned and measured again, and the native signatures that are for them.
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import type { FileIndex } from '@motte/config/image-files';
import type { KeepConfig } from '@motte/config/keep-config';
import type { ServedFiles } from '@motte/loader/keep/image-files';
import type { SnpIdentity } from '@motte/sign/snp/id-block';
import { streamBlob } from './container/stream.js';
import { checkIdentity } from './identity.js';
import { blobBytes } from './image.js';
import type { KeepImage } from './image.js';
import { sgxKeep, sgxMeasurement, snpKeep, snpMeasurement } from './keep.js';
import type { KeepParts, MeasuredKeep } from './keep.js';
import type { Measurement, SgxMeasurement, SnpMeasurement } from './manifest/types.js';
import type { Descriptor } from './oci/descriptor.js';
import type { TeePart } from './parts.js';
import { checkSigstruct } from './sigstruct.js';

/** A Keep of a verified image, and what it is made of. */
export interface VerifiedKeep extends MeasuredKeep {
  /** What Keep.toml says. */
  readonly settings: KeepConfig;
  readonly exec: ByteSource;
  readonly shim: ByteSource;
  readonly keepToml: ByteSource;
  /** The image's own files, where it has some. */
  readonly index?: FileIndex;
  readonly files?: ServedFiles;
}

/** The SGX Keep: what `load` takes, once there is a SIGSTRUCT. */
export interface VerifiedSgxKeep extends VerifiedKeep {
  /** Genuine, and for this Keep. */
  readonly sigstruct: Uint8Array | undefined;
}

/** The Keep for SEV-SNP: what `load` takes. */
export interface VerifiedSnpKeep extends VerifiedKeep {
  /** Genuine, and for this Keep: `load`’s option `snp.id`. */
  readonly identity: SnpIdentity | undefined;
}

/** Throws IMAGE_MEASUREMENT. */
export function checkEqual(field: string, expected: string | number, found: string | number): void {
  if (expected !== found) throw new MotteError('IMAGE_MEASUREMENT', { field, expected, found });
}

/** The blob of a descriptor, which `readImage` has found to be there. */
export function sourceOf({ blobs }: KeepImage, { digest }: Descriptor): ByteSource {
  return blobs.get(digest) as ByteSource;
}

/** The blob of a descriptor, after it was found to be the one that the descriptor names. */
export function* hashedBlob(image: KeepImage, descriptor: Descriptor, field: string): Steps<ByteSource> {
  const source = sourceOf(image, descriptor);
  yield* streamBlob(descriptor.digest, source, field);
  return source;
}

export type OwnParts = Omit<KeepParts, 'shim'>;
type VerifiedSgx = MeasuredKeep & Pick<VerifiedSgxKeep, 'shim' | 'sigstruct'>;
type VerifiedSnp = MeasuredKeep & Pick<VerifiedSnpKeep, 'shim' | 'identity'>;

/** A Keep with the image's own shim for it. */
function* withShim(
  image: KeepImage,
  own: OwnParts,
  { shim: { blob, variant } }: TeePart<Measurement>,
  make: (parts: KeepParts) => Steps<MeasuredKeep>,
): Steps<MeasuredKeep & Pick<VerifiedKeep, 'shim'>> {
  const shim = yield* hashedBlob(image, blob, `shim ${variant}`);
  return { ...(yield* make({ ...own, shim })), shim };
}

/** The SGX Keep of an image, whose measurement and SIGSTRUCT are right. */
export function* verifySgx(
  image: KeepImage,
  own: OwnParts,
  part: TeePart<SgxMeasurement>,
): Steps<VerifiedSgx> {
  const { predicted, field } = part;
  const keep = yield* withShim(image, own, part, sgxKeep);
  const { value, parameters } = sgxMeasurement(keep, own.config);
  checkEqual(`${field}.parameters.version`, parameters.version, predicted.parameters.version);
  checkEqual(`${field}.value`, value, predicted.value);
  const { signature } = predicted;
  const sigstruct =
    signature === undefined ? undefined : blobBytes(image.container.files, signature, 'SIGSTRUCT');
  if (sigstruct !== undefined) checkSigstruct(sigstruct, keep, own.config);
  return { ...keep, sigstruct };
}

/** The Keep of an image for SEV-SNP, whose launch digest and ID block are right. */
export function* verifySnp(
  image: KeepImage,
  own: OwnParts,
  part: TeePart<SnpMeasurement>,
): Steps<VerifiedSnp> {
  const { predicted, field } = part;
  const keep = yield* withShim(image, own, part, snpKeep);
  const { value, parameters } = snpMeasurement(keep, own.config);
  checkEqual(`${field}.parameters.vcpus`, parameters.vcpus, predicted.parameters.vcpus);
  checkEqual(`${field}.parameters.vmm`, parameters.vmm, predicted.parameters.vmm);
  checkEqual(`${field}.value`, value, predicted.value);
  const { signature } = predicted;
  if (signature === undefined) return { ...keep, identity: undefined };
  const { files } = image.container;
  const identity = {
    block: blobBytes(files, signature.idBlock, 'ID block'),
    auth: blobBytes(files, signature.idAuth, 'ID authentication'),
  };
  checkIdentity(identity, keep, own.config);
  return { ...keep, identity };
}
