// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

/** Where every table of this package is from. */
export const IGVM_SOURCE = 'microsoft/igvm, igvm_defs 0.4.x (9 June 2026)';

/** "IGVM", little-endian. */
export const IGVM_MAGIC = 0x4d564749;

/** FIXED_HEADER.architecture. */
export const IGVM_ARCHITECTURES = { x64: 0, aarch64: 1 } as const;

export const FIXED_HEADER_1_FIELDS = [
  { at: 0x00, name: 'magic', type: 'u32', doc: 'IGVM' },
  { at: 0x04, name: 'format_version', type: 'u32', doc: '1 or 2' },
  { at: 0x08, name: 'variable_header_offset', type: 'u32', doc: 'a multiple of 8' },
  { at: 0x0c, name: 'variable_header_size', type: 'u32' },
  { at: 0x10, name: 'total_file_size', type: 'u32' },
  {
    at: 0x14,
    name: 'checksum',
    type: 'u32',
    doc: 'CRC-32 of the fixed header, this field zero, and the variable headers',
  },
] as const;

/** The start of a file of version 1: x86-64, pages of 4096 bytes. */
export const FIXED_HEADER_1: Layout<typeof FIXED_HEADER_1_FIELDS> = layout(
  { name: 'IGVM_FIXED_HEADER', size: 0x18, source: IGVM_SOURCE },
  FIXED_HEADER_1_FIELDS,
);

export const FIXED_HEADER_2_FIELDS = [
  { at: 0x00, name: 'magic', type: 'u32', doc: 'IGVM' },
  { at: 0x04, name: 'format_version', type: 'u32', doc: '1 or 2' },
  { at: 0x08, name: 'variable_header_offset', type: 'u32', doc: 'a multiple of 8' },
  { at: 0x0c, name: 'variable_header_size', type: 'u32' },
  { at: 0x10, name: 'total_file_size', type: 'u32' },
  {
    at: 0x14,
    name: 'checksum',
    type: 'u32',
    doc: 'CRC-32 of the fixed header, this field zero, and the variable headers',
  },
  { at: 0x18, name: 'architecture', type: 'u32', doc: '0 x86-64, 1 AArch64' },
  { at: 0x1c, name: 'page_size', type: 'u32', doc: 'bytes of a page: 4096' },
] as const;

/** The start of a file of version 2. */
export const FIXED_HEADER_2: Layout<typeof FIXED_HEADER_2_FIELDS> = layout(
  { name: 'IGVM_FIXED_HEADER_V2', size: 0x20, source: IGVM_SOURCE },
  FIXED_HEADER_2_FIELDS,
);

export const HEADER_HEAD_FIELDS = [
  { at: 0x0, name: 'type', type: 'u32', doc: 'bit 31: whoever does not know the type may pass it over' },
  {
    at: 0x4,
    name: 'length',
    type: 'u32',
    doc: 'bytes of what follows, without the padding to a multiple of 8',
  },
] as const;

/** What each variable header begins with. */
export const HEADER_HEAD: Layout<typeof HEADER_HEAD_FIELDS> = layout(
  { name: 'IGVM_VHS_VARIABLE_HEADER', size: 8, source: IGVM_SOURCE },
  HEADER_HEAD_FIELDS,
);

/** HEADER_HEAD.type: may be passed over. */
export const OPTIONAL_BIT = 0x8000_0000;

/** Headers begin on multiples of this. */
export const HEADER_ALIGN = 8;
