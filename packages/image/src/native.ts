// SPDX-License-Identifier: Apache-2.0
// What the hardware of each TEE looks at: SIGSTRUCT, ID block.
import { MotteError } from '@motte/binary/error';
import { bytesSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { UNDATED, bcdDate, signSigstruct } from '@motte/sign/sgx/sign';
import { checkIdentity } from './identity.js';
import type { KeepManifest, Measurement, SnpMeasurement } from './manifest/types.js';
import { describe } from './oci/descriptor.js';
import type { Descriptor } from './oci/descriptor.js';
import { MEDIA } from './oci/media-types.js';
import type { MediaType } from './oci/media-types.js';
import type { SignOptions } from './sign.js';
import { keepSigstruct } from './sigstruct.js';
import type { VerifiedImage } from './verify.js';

/** The SIGSTRUCT of a verified image, unsigned. */
export function unsignedSigstruct({ sgx }: VerifiedImage, date: string = UNDATED): Uint8Array {
  return keepSigstruct(sgx, sgx.settings, bcdDate(date));
}

/** Native signatures that are new, and the blobs that they are. */
export class NativeSignatures {
  readonly blobs: Map<string, ByteSource> = new Map();
  readonly #sigstruct: Descriptor<typeof MEDIA.sigstruct> | undefined;
  readonly #identity: SnpMeasurement['signature'];

  /** Throws SIGSTRUCT_*, SNP_ID*, IMAGE_NATIVE_SIGNATURE, IMAGE_OPTION. */
  constructor(image: VerifiedImage, { sgx, snp, date }: Pick<SignOptions, 'sgx' | 'snp' | 'date'>) {
    if (sgx !== undefined)
      this.#sigstruct = this.#add(MEDIA.sigstruct, signSigstruct(unsignedSigstruct(image, date), sgx));
    if (snp === undefined) return;
    if (image.snp === undefined)
      throw new MotteError('IMAGE_OPTION', {
        field: 'snp',
        expected: 'an image for SEV-SNP as well: `motte build` without --tee',
        found: 'one for SGX alone',
      });
    const identity = snp(image.snp.measurement);
    checkIdentity(identity, image.snp, image.snp.settings);
    this.#identity = {
      idBlock: this.#add(MEDIA.idBlock, identity.block),
      idAuth: this.#add(MEDIA.idAuth, identity.auth),
    };
  }

  #add<const M extends MediaType>(mediaType: M, bytes: Uint8Array): Descriptor<M> {
    const descriptor = describe(mediaType, bytes);
    this.blobs.set(descriptor.digest, bytesSource(bytes));
    return descriptor;
  }

  /** The manifest with these signatures in place of those that it had. */
  within(manifest: KeepManifest): KeepManifest {
    const signed = (one: Measurement): Measurement => {
      if (one.tee === 'sgx' && this.#sigstruct !== undefined) return { ...one, signature: this.#sigstruct };
      if (one.tee === 'snp' && this.#identity !== undefined) return { ...one, signature: this.#identity };
      return one;
    };
    return { ...manifest, measurements: manifest.measurements.map(signed) };
  }
}
