// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

const SOURCE = 'Intel SGX SDK for Linux 2.26, .note.sgxmeta, formats 1.x to 3.x and 11.x';

/** METADATA.magic. */
export const METADATA_MAGIC = 0x86a80294635d0e4cn;

export const METADATA_FIELDS = [
  { at: 0x000, name: 'magic', type: 'u64', doc: 'METADATA_MAGIC' },
  { at: 0x008, name: 'version_minor', type: 'u32' },
  {
    at: 0x00c,
    name: 'version_major',
    type: 'u32',
    doc: '10 more than the format when there is an ELRANGE record',
  },
  { at: 0x010, name: 'size', type: 'u32', doc: 'bytes of the whole block' },
  { at: 0x014, name: 'tcs_policy', type: 'u32' },
  { at: 0x018, name: 'ssa_frame_size', type: 'u32', doc: 'pages' },
  { at: 0x01c, name: 'max_save_buffer', type: 'u32' },
  { at: 0x020, name: 'desired_misc_select', type: 'u32' },
  { at: 0x024, name: 'tcs_min_pool', type: 'u32' },
  { at: 0x028, name: 'enclave_size', type: 'u64' },
  { at: 0x030, name: 'attributes', type: 'u64', doc: 'wanted; SIGSTRUCT says which are needed' },
  { at: 0x038, name: 'xfrm', type: 'u64' },
  { at: 0x040, name: 'sigstruct', type: 'bytes1808' },
  { at: 0x750, name: 'patches_offset', type: 'u32', doc: 'from the start of the block, as all offsets' },
  { at: 0x754, name: 'patches_size', type: 'u32' },
  { at: 0x758, name: 'layout_offset', type: 'u32' },
  { at: 0x75c, name: 'layout_size', type: 'u32' },
  { at: 0x760, name: 'elrange_offset', type: 'u32' },
  { at: 0x764, name: 'elrange_size', type: 'u32' },
  { at: 0x768, name: 'other_offset', type: 'u32', doc: 'not needed for the measurement' },
  { at: 0x76c, name: 'other_size', type: 'u32' },
] as const;

/** The head of a metadata block; what its directories point to follows. */
export const METADATA: Layout<typeof METADATA_FIELDS> = layout(
  { name: 'METADATA', size: 0x770, source: SOURCE },
  METADATA_FIELDS,
);

export const PATCH_FIELDS = [
  { at: 0x00, name: 'destination', type: 'u64', doc: 'offset in the file' },
  { at: 0x08, name: 'source', type: 'u32', doc: 'offset in the block' },
  { at: 0x0c, name: 'size', type: 'u32' },
  { at: 0x10, name: 'reserved_010', type: 'bytes16' },
] as const;

/** Bytes of the file that the signer replaced before it measured. */
export const PATCH: Layout<typeof PATCH_FIELDS> = layout(
  { name: 'PATCH', size: 0x20, source: SOURCE },
  PATCH_FIELDS,
);

export const ENTRY_FIELDS = [
  { at: 0x00, name: 'id', type: 'u16' },
  { at: 0x02, name: 'attributes', type: 'u16', doc: 'see ENTRY_ATTRIBUTES' },
  { at: 0x04, name: 'page_count', type: 'u32' },
  { at: 0x08, name: 'rva', type: 'u64' },
  { at: 0x10, name: 'content_size', type: 'u32', doc: 'or the number to fill pages with' },
  { at: 0x14, name: 'content_offset', type: 'u32', doc: 'in the block; 0: none' },
  { at: 0x18, name: 'si_flags', type: 'u64', doc: 'SECINFO.FLAGS; 0: guard pages' },
] as const;

/** A row of the layout table. */
export const ENTRY: Layout<typeof ENTRY_FIELDS> = layout(
  { name: 'LAYOUT_ENTRY', size: 0x20, source: SOURCE },
  ENTRY_FIELDS,
);

export const GROUP_FIELDS = [
  { at: 0x00, name: 'id', type: 'u16', doc: 'GROUP_BIT is set' },
  { at: 0x02, name: 'entry_count', type: 'u16', doc: 'rows before this one' },
  { at: 0x04, name: 'load_times', type: 'u32', doc: 'how often they are repeated' },
  { at: 0x08, name: 'step', type: 'u64', doc: 'added to their RVAs each time' },
  { at: 0x10, name: 'reserved_010', type: 'bytes16' },
] as const;

/** A row of the layout table that repeats those before it: the further threads. */
export const GROUP: Layout<typeof GROUP_FIELDS> = layout(
  { name: 'LAYOUT_GROUP', size: 0x20, source: SOURCE },
  GROUP_FIELDS,
);

/** Bit 12 of `id`: the row is a LAYOUT_GROUP. */
export const GROUP_BIT = 0x1000;

/** LAYOUT_ENTRY.attributes; further bits are for memory that is added while the enclave runs. */
export const ENTRY_ATTRIBUTES = { EADD: 1, EEXTEND: 2 } as const;

export const ELRANGE_FIELDS = [
  { at: 0x00, name: 'image_address', type: 'u64' },
  { at: 0x08, name: 'start', type: 'u64' },
  { at: 0x10, name: 'size', type: 'u64', doc: 'SECS.SIZE' },
] as const;

/** Where an image lies within a larger ELRANGE. */
export const ELRANGE: Layout<typeof ELRANGE_FIELDS> = layout(
  { name: 'ELRANGE', size: 0x18, source: SOURCE },
  ELRANGE_FIELDS,
);
