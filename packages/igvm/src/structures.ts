// SPDX-License-Identifier: Apache-2.0
// The structures of variable headers that are no directive: platforms and initialization.
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';
import { IGVM_SOURCE } from './fixed-header.js';

export const SUPPORTED_PLATFORM_FIELDS = [
  {
    at: 0x0,
    name: 'compatibility_mask',
    type: 'u32',
    doc: 'one bit, by which later headers name the platform',
  },
  { at: 0x4, name: 'highest_vtl', type: 'u8' },
  { at: 0x5, name: 'platform_type', type: 'u8', doc: 'see PLATFORM_TYPES' },
  { at: 0x6, name: 'platform_version', type: 'u16', doc: '1' },
  {
    at: 0x8,
    name: 'shared_gpa_boundary',
    type: 'u64',
    doc: 'addresses from here on are the host’s too; 0 none',
  },
] as const;

/** A kind of machine that the file can be launched on. */
export const SUPPORTED_PLATFORM: Layout<typeof SUPPORTED_PLATFORM_FIELDS> = layout(
  { name: 'SUPPORTED_PLATFORM', size: 0x10, source: IGVM_SOURCE },
  SUPPORTED_PLATFORM_FIELDS,
);

export const GUEST_POLICY_FIELDS = [
  { at: 0x0, name: 'policy', type: 'u64', doc: 'SEV-SNP: POLICY of SNP_LAUNCH_START' },
  { at: 0x8, name: 'compatibility_mask', type: 'u32' },
  { at: 0xc, name: 'reserved_00c', type: 'bytes4' },
] as const;

export const GUEST_POLICY: Layout<typeof GUEST_POLICY_FIELDS> = layout(
  { name: 'GUEST_POLICY', size: 0x10, source: IGVM_SOURCE },
  GUEST_POLICY_FIELDS,
);

export const RELOCATABLE_REGION_FIELDS = [
  { at: 0x00, name: 'compatibility_mask', type: 'u32' },
  { at: 0x04, name: 'vp_index', type: 'u16' },
  { at: 0x06, name: 'vtl', type: 'u8' },
  { at: 0x07, name: 'flags', type: 'u8', doc: 'bit 0 VTL 2, bit 1 RIP, bit 2 GDTR moves with it' },
  { at: 0x08, name: 'relocation_alignment', type: 'u64' },
  { at: 0x10, name: 'relocation_region_gpa', type: 'u64' },
  { at: 0x18, name: 'relocation_region_size', type: 'u64' },
  { at: 0x20, name: 'minimum_relocation_gpa', type: 'u64' },
  { at: 0x28, name: 'maximum_relocation_gpa', type: 'u64' },
] as const;

export const RELOCATABLE_REGION: Layout<typeof RELOCATABLE_REGION_FIELDS> = layout(
  { name: 'RELOCATABLE_REGION', size: 0x30, source: IGVM_SOURCE },
  RELOCATABLE_REGION_FIELDS,
);

export const PAGE_TABLE_RELOCATION_FIELDS = [
  { at: 0x00, name: 'compatibility_mask', type: 'u32' },
  { at: 0x04, name: 'vp_index', type: 'u16' },
  { at: 0x06, name: 'vtl', type: 'u8' },
  { at: 0x07, name: 'reserved_007', type: 'bytes1' },
  { at: 0x08, name: 'gpa', type: 'u64' },
  { at: 0x10, name: 'size', type: 'u64' },
  { at: 0x18, name: 'used_size', type: 'u64' },
] as const;

export const PAGE_TABLE_RELOCATION: Layout<typeof PAGE_TABLE_RELOCATION_FIELDS> = layout(
  { name: 'PAGE_TABLE_RELOCATION_REGION', size: 0x20, source: IGVM_SOURCE },
  PAGE_TABLE_RELOCATION_FIELDS,
);

export const CORIM_DATA_FIELDS = [
  { at: 0x0, name: 'compatibility_mask', type: 'u32' },
  { at: 0x4, name: 'file_offset', type: 'u32' },
  { at: 0x8, name: 'size_bytes', type: 'u32' },
  { at: 0xc, name: 'reserved_00c', type: 'bytes4' },
] as const;

/** A reference measurement as CBOR, or the signature of one. */
export const CORIM_DATA: Layout<typeof CORIM_DATA_FIELDS> = layout(
  { name: 'CORIM_DATA', size: 0x10, source: IGVM_SOURCE },
  CORIM_DATA_FIELDS,
);

export const CCA_POLICY_FIELDS = [
  { at: 0x00, name: 'compatibility_mask', type: 'u32' },
  { at: 0x04, name: 'reserved_004', type: 'bytes4' },
  { at: 0x08, name: 'attributes_required_zeroes', type: 'u64' },
  { at: 0x10, name: 'attributes_required_ones', type: 'u64' },
  { at: 0x18, name: 'hash_algorithm', type: 'u8', doc: '0 SHA-256, 1 SHA-512, 2 SHA-384' },
  { at: 0x19, name: 'lfa_policy', type: 'u8' },
  { at: 0x1a, name: 'reserved_01a', type: 'bytes6' },
] as const;

export const CCA_POLICY: Layout<typeof CCA_POLICY_FIELDS> = layout(
  { name: 'CCA_POLICY', size: 0x20, source: IGVM_SOURCE },
  CCA_POLICY_FIELDS,
);

/** SUPPORTED_PLATFORM.platform_type. */
export const PLATFORM_TYPES = {
  native: 0,
  vsm: 1,
  'sev-snp': 2,
  tdx: 3,
  sev: 4,
  'sev-es': 5,
  cca: 6,
} as const;

/** SUPPORTED_PLATFORM.platform_version of every platform so far. */
export const PLATFORM_VERSION = 1;
