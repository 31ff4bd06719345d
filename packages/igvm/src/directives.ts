// SPDX-License-Identifier: Apache-2.0
// The structures of directives: what a loader is to put where, in this order.
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';
import { IGVM_SOURCE } from './fixed-header.js';

export const PARAMETER_AREA_FIELDS = [
  { at: 0x0, name: 'number_of_bytes', type: 'u64', doc: 'whole pages' },
  { at: 0x8, name: 'parameter_area_index', type: 'u32', doc: 'its name, used once' },
  { at: 0xc, name: 'file_offset', type: 'u32', doc: 'what it holds before parameters are put in; 0 zeros' },
] as const;

/** Memory that the loader fills with what only it knows. */
export const PARAMETER_AREA: Layout<typeof PARAMETER_AREA_FIELDS> = layout(
  { name: 'PARAMETER_AREA', size: 0x10, source: IGVM_SOURCE },
  PARAMETER_AREA_FIELDS,
);

export const PAGE_DATA_FIELDS = [
  { at: 0x00, name: 'gpa', type: 'u64' },
  { at: 0x08, name: 'compatibility_mask', type: 'u32' },
  { at: 0x0c, name: 'file_offset', type: 'u32', doc: '0: a page of zeros' },
  { at: 0x10, name: 'flags', type: 'u32', doc: 'see PAGE_FLAGS' },
  { at: 0x14, name: 'data_type', type: 'u16', doc: 'see PAGE_DATA_TYPES' },
  { at: 0x16, name: 'reserved_016', type: 'bytes2' },
] as const;

export const PAGE_DATA: Layout<typeof PAGE_DATA_FIELDS> = layout(
  { name: 'PAGE_DATA', size: 0x18, source: IGVM_SOURCE },
  PAGE_DATA_FIELDS,
);

/** PAGE_DATA.flags. */
export const PAGE_FLAGS = { LARGE: 1, UNMEASURED: 2, SHARED: 4 } as const;

/** PAGE_DATA.data_type. */
export const PAGE_DATA_TYPES = { normal: 0, secrets: 1, cpuid: 2, cpuid_xf: 3 } as const;

export const PARAMETER_INSERT_FIELDS = [
  { at: 0x0, name: 'gpa', type: 'u64' },
  { at: 0x8, name: 'compatibility_mask', type: 'u32' },
  { at: 0xc, name: 'parameter_area_index', type: 'u32' },
] as const;

/** Puts a parameter area into the guest, unmeasured; it has no name any more. */
export const PARAMETER_INSERT: Layout<typeof PARAMETER_INSERT_FIELDS> = layout(
  { name: 'PARAMETER_INSERT', size: 0x10, source: IGVM_SOURCE },
  PARAMETER_INSERT_FIELDS,
);

export const PARAMETER_FIELDS = [
  { at: 0x0, name: 'parameter_area_index', type: 'u32' },
  { at: 0x4, name: 'byte_offset', type: 'u32' },
] as const;

/** Where in a parameter area the loader puts a value; which one is the header's type. */
export const PARAMETER: Layout<typeof PARAMETER_FIELDS> = layout(
  { name: 'PARAMETER', size: 0x8, source: IGVM_SOURCE },
  PARAMETER_FIELDS,
);

export const VP_CONTEXT_FIELDS = [
  { at: 0x00, name: 'gpa', type: 'u64', doc: 'SEV-SNP: where the VMSA lies' },
  { at: 0x08, name: 'compatibility_mask', type: 'u32' },
  { at: 0x0c, name: 'file_offset', type: 'u32', doc: 'SEV-SNP and SEV-ES: a VMSA of 4096 bytes' },
  { at: 0x10, name: 'vp_index', type: 'u16' },
  { at: 0x12, name: 'reserved_012', type: 'bytes2' },
] as const;

/** The state that a vCPU starts with. */
export const VP_CONTEXT: Layout<typeof VP_CONTEXT_FIELDS> = layout(
  { name: 'VP_CONTEXT', size: 0x14, source: IGVM_SOURCE },
  VP_CONTEXT_FIELDS,
);

export const REQUIRED_MEMORY_FIELDS = [
  { at: 0x00, name: 'gpa', type: 'u64' },
  { at: 0x08, name: 'compatibility_mask', type: 'u32' },
  { at: 0x0c, name: 'number_of_bytes', type: 'u32' },
  { at: 0x10, name: 'flags', type: 'u32', doc: 'bit 0 protectable by VTL 2' },
  { at: 0x14, name: 'reserved_014', type: 'bytes4' },
] as const;

/** Memory without which the guest cannot work. */
export const REQUIRED_MEMORY: Layout<typeof REQUIRED_MEMORY_FIELDS> = layout(
  { name: 'REQUIRED_MEMORY', size: 0x18, source: IGVM_SOURCE },
  REQUIRED_MEMORY_FIELDS,
);

export const ERROR_RANGE_FIELDS = [
  { at: 0x0, name: 'gpa', type: 'u64' },
  { at: 0x8, name: 'compatibility_mask', type: 'u32' },
  { at: 0xc, name: 'size_bytes', type: 'u32' },
] as const;

/** Shared memory in which the guest tells the host of an error. */
export const ERROR_RANGE: Layout<typeof ERROR_RANGE_FIELDS> = layout(
  { name: 'ERROR_RANGE', size: 0x10, source: IGVM_SOURCE },
  ERROR_RANGE_FIELDS,
);

export const VBS_MEASUREMENT_FIELDS = [
  { at: 0x000, name: 'compatibility_mask', type: 'u32' },
  { at: 0x004, name: 'version', type: 'u32' },
  { at: 0x008, name: 'product_id', type: 'u32' },
  { at: 0x00c, name: 'module_id', type: 'u32' },
  { at: 0x010, name: 'security_version', type: 'u32' },
  { at: 0x014, name: 'policy_flags', type: 'u32' },
  { at: 0x018, name: 'boot_digest_algo', type: 'u32' },
  { at: 0x01c, name: 'signing_algo', type: 'u32' },
  { at: 0x020, name: 'boot_measurement_digest', type: 'bytes64' },
  { at: 0x060, name: 'signature', type: 'bytes256' },
  { at: 0x160, name: 'public_key', type: 'bytes512' },
] as const;

/** What Hyper-V's own isolation expects to be launched. */
export const VBS_MEASUREMENT: Layout<typeof VBS_MEASUREMENT_FIELDS> = layout(
  { name: 'VBS_MEASUREMENT', size: 0x360, source: IGVM_SOURCE },
  VBS_MEASUREMENT_FIELDS,
);
