// SPDX-License-Identifier: Apache-2.0
import { bytesSource } from '@motte/binary/source';
import { PAGE_DATA_TYPES, PAGE_FLAGS } from '@motte/igvm/directives';
import { header } from '@motte/igvm/headers';
import type { IgvmFile, IgvmHeader } from '@motte/igvm/headers';
import { PLATFORM_TYPES } from '@motte/igvm/structures';
import { writeIgvm } from '@motte/igvm/write';
import { VMSA_GPA } from '@motte/plan/snp/plan';
import { VMSA } from '@motte/plan/snp/vmsa';

/** A page of bytes that no other seed has. */
export const page = (seed: number, size = 4096): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 7 + seed * 31 + (i >> 8)) & 0xff);

export const SNP = 2;
export const NATIVE = 1;

/** A VMSA with registers that every loader can set. */
export const vmsa = (rip: bigint): Uint8Array =>
  VMSA.write({ efer: 0x1d01n, cr4: 0x340e60n, cr0: 0x80050033n, rip, sev_features: 1n, xcr0: 7n });

export const platforms: readonly IgvmHeader[] = [
  header('SUPPORTED_PLATFORM', {
    compatibility_mask: NATIVE,
    platform_type: PLATFORM_TYPES.native,
    platform_version: 1,
  }),
  header('SUPPORTED_PLATFORM', {
    compatibility_mask: SNP,
    platform_type: PLATFORM_TYPES['sev-snp'],
    platform_version: 1,
  }),
];

export interface PageOptions {
  readonly mask?: number;
  readonly flags?: number;
  readonly type?: keyof typeof PAGE_DATA_TYPES;
  readonly bytes?: Uint8Array;
}

export const pageAt = (
  gpa: bigint,
  { mask = SNP, flags = 0, type = 'normal', bytes }: PageOptions,
): IgvmHeader =>
  header(
    'PAGE_DATA',
    { gpa, compatibility_mask: mask, flags, data_type: PAGE_DATA_TYPES[type] },
    bytes === undefined ? undefined : bytesSource(bytes),
  );

export const vcpu = (index: number, gpa: bigint = VMSA_GPA, bytes: Uint8Array = vmsa(0x1000n)): IgvmHeader =>
  header('VP_CONTEXT', { gpa, compatibility_mask: SNP, vp_index: index }, bytesSource(bytes));

export const file = (headers: readonly IgvmHeader[]): IgvmFile => ({
  version: 1,
  architecture: 'x64',
  headers: [...platforms, ...headers],
});

/** Each kind of page that SEV-SNP knows, of two platforms, with parameters. */
export const MIXED: readonly IgvmHeader[] = [
  header('GUEST_POLICY', { policy: 0x30000n, compatibility_mask: SNP }),
  pageAt(0x1000n, { bytes: page(1), mask: SNP | NATIVE }),
  pageAt(0x2000n, { bytes: page(2) }),
  pageAt(0x3000n, {}),
  pageAt(0x9000n, { bytes: page(9), mask: NATIVE }),
  pageAt(0x4000n, { type: 'secrets' }),
  pageAt(0x5000n, { type: 'cpuid', bytes: page(5) }),
  pageAt(0x6000n, { bytes: page(6), flags: PAGE_FLAGS.UNMEASURED }),
  header('PARAMETER_AREA', { number_of_bytes: 0x2000n, parameter_area_index: 3 }),
  header('MEMORY_MAP', { parameter_area_index: 3, byte_offset: 16 }),
  header('PARAMETER_INSERT', { gpa: 0x7000n, compatibility_mask: SNP, parameter_area_index: 3 }),
  header('REQUIRED_MEMORY', { gpa: 0x100000n, compatibility_mask: SNP, number_of_bytes: 0x200000 }),
  vcpu(0),
];

export function concat(parts: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...parts]));
}

export const bytesOf = (one: IgvmFile): Uint8Array => concat(writeIgvm(one));
