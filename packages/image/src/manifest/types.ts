// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../oci/descriptor.js';
import type { MEDIA } from '../oci/media-types.js';

type Media = typeof MEDIA;

/** A TEE that an image can have a part for. */
export type Tee = 'sgx' | 'snp' | 'tdx' | 'keystone' | 'sanctum' | 'pef';

/** A shim of the image. */
export interface ShimEntry {
  readonly tee: Tee;
  /** Which of the TEE's shims: `sgx2`, `sgx1`, `vm`; the one with `-debug` of a debug Keep. */
  readonly variant: string;
  readonly blob: Descriptor<Media['shim']>;
}

/** What an SGX Keep of this image will be: MRENCLAVE, and the SIGSTRUCT for it. */
export interface SgxMeasurement {
  readonly tee: 'sgx';
  readonly kind: 'mrenclave';
  readonly algorithm: 'sha256';
  readonly value: string;
  readonly parameters: { readonly version: 1 | 2 };
  readonly signature?: Descriptor<Media['sigstruct']>;
}

/** The SNP launch digest for a number of vCPUs under one VMM, and the ID block for it. */
export interface SnpMeasurement {
  readonly tee: 'snp';
  readonly kind: 'launch-digest';
  readonly algorithm: 'sha384';
  readonly value: string;
  readonly parameters: { readonly vcpus: number; readonly vmm: string };
  readonly signature?: {
    readonly idBlock: Descriptor<Media['idBlock']>;
    readonly idAuth: Descriptor<Media['idAuth']>;
  };
}

/** One register of a trust domain. */
export interface TdxMeasurement {
  readonly tee: 'tdx';
  readonly kind: 'mrtd' | 'rtmr0' | 'rtmr1' | 'rtmr2' | 'rtmr3';
  readonly algorithm: 'sha384';
  readonly value: string;
  readonly parameters: { readonly vmm: string };
}

/** The hash of a Keystone enclave. */
export interface KeystoneMeasurement {
  readonly tee: 'keystone';
  readonly kind: 'enclave-hash';
  readonly algorithm: 'sha3-512';
  readonly value: string;
}

/** The measurement of a Sanctum enclave by one of its two monitors. */
export interface SanctumMeasurement {
  readonly tee: 'sanctum';
  readonly kind: 'measurement';
  readonly algorithm: 'sha256' | 'sha512';
  readonly value: string;
  readonly parameters: { readonly flavour: 'pwnall' | 'mit' };
}

/** One of the digests that an ESM blob seals. */
export interface PefMeasurement {
  readonly tee: 'pef';
  readonly kind: 'kernel' | 'initrd' | 'bootargs' | 'rtas';
  readonly algorithm: 'sha512';
  readonly value: string;
}

/** A measurement that the image predicts. */
export type Measurement =
  | SgxMeasurement
  | SnpMeasurement
  | TdxMeasurement
  | KeystoneMeasurement
  | SanctumMeasurement
  | PefMeasurement;

/** What an image is: its parts, and what each TEE will say of a Keep that is made of them. */
export interface KeepManifest {
  readonly version: 1;
  /** argv[0]. */
  readonly name: string;
  readonly exec: Descriptor<Media['exec']>;
  readonly config: {
    readonly blob: Descriptor<Media['keepToml']>;
    /** SHA-256 of the config blob that Keep.toml and `name` become: CONFIGID, HOST_DATA. */
    readonly configId: string;
  };
  /** What `[[image]]` of Keep.toml became: the index, and the contents of all files one after the other. */
  readonly files?: {
    readonly index: Descriptor<Media['fileIndex']>;
    readonly contents: Descriptor<Media['fileContents']>;
  };
  readonly shims: readonly ShimEntry[];
  readonly measurements: readonly Measurement[];
}
