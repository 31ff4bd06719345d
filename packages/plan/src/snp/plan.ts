// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';
import type { RunSource } from '../plan.js';

/** PAGE_INFO.PAGE_TYPE. AMD 56860 rev 1.58, SNP_LAUNCH_UPDATE. */
export const SNP_PAGE_TYPES = {
  normal: 1,
  vmsa: 2,
  zero: 3,
  unmeasured: 4,
  secrets: 5,
  cpuid: 6,
} as const;

/** What a page is to SNP_LAUNCH_UPDATE. Contents are measured of `normal` and `vmsa` alone. */
export type SnpPageType = keyof typeof SNP_PAGE_TYPES;

/** A run of pages that are launched alike, in launch order. */
export interface SnpRun {
  /** Guest physical address of the first page. */
  readonly gpa: bigint;
  readonly pages: number;
  readonly type: SnpPageType;
  /** The first bytes of the run; what follows is zero. Only of `normal` and `vmsa`. */
  readonly bytes: ByteSource;
  readonly source: RunSource;
}

/** What is launched as an SEV-SNP guest. */
export interface SnpPlan {
  readonly tee: 'snp';
  /**
   * The digest that the runs go on from: 48 zero bytes, or that of pages which somebody else has measured.
   */
  readonly start?: Uint8Array;
  readonly runs: readonly SnpRun[];
}

/** GPA that firmware hashes for every VMSA: the highest page, whichever vCPU. */
export const VMSA_GPA = 0xfffffffff000n;
