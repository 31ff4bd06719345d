// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

/** "MOTTEFI1", little-endian. */
export const INDEX_MAGIC = 0x3149464554544f4dn;

/** FILE_INDEX.version. */
export const INDEX_VERSION = 1;

/** Most bytes of a file index: the digests of 32 GiB of contents. The Keep holds all of it. */
export const INDEX_MAX = 0x1000000;

/** Most entries of one. */
export const INDEX_ENTRIES = 0x10000;

/** Bytes of contents that have one digest: what a Keep asks for and hashes at a time. */
export const CHUNK_BYTES = 0x10000;

/** Bytes of a SHA-256. */
export const DIGEST_BYTES = 32;

/** FILE_ENTRY.mode: all that there are. */
export const INDEX_MODES = {
  FILE: 0o100444,
  PROGRAM: 0o100555,
  LINK: 0o120777,
  DIRECTORY: 0o040555,
} as const;

export const FILE_INDEX_FIELDS = [
  { at: 0x00, name: 'magic', type: 'u64', doc: 'MOTTEFI1' },
  { at: 0x08, name: 'version', type: 'u32', doc: '1' },
  { at: 0x0c, name: 'length', type: 'u32', doc: 'bytes of the whole index' },
  { at: 0x10, name: 'entries', type: 'u32', doc: 'how many follow' },
  { at: 0x14, name: 'reserved_014', type: 'u32' },
  { at: 0x18, name: 'contents', type: 'u64', doc: 'bytes of all files together' },
] as const;

/** The start of a file index. */
export const FILE_INDEX: Layout<typeof FILE_INDEX_FIELDS> = layout(
  { name: 'FILE_INDEX', size: 0x20, source: 'Motte, docs/config-blob.md' },
  FILE_INDEX_FIELDS,
);

export const FILE_ENTRY_FIELDS = [
  { at: 0x00, name: 'size', type: 'u64', doc: 'bytes of the file, or of a link’s text' },
  { at: 0x08, name: 'mode', type: 'u32', doc: 'type and permissions, as st_mode' },
  { at: 0x0c, name: 'path_length', type: 'u16', doc: 'bytes of the path, which follows' },
  { at: 0x0e, name: 'reserved_00e', type: 'u16' },
] as const;

/** The start of an entry of a file index. */
export const FILE_ENTRY: Layout<typeof FILE_ENTRY_FIELDS> = layout(
  { name: 'FILE_ENTRY', size: 0x10, source: 'Motte, docs/config-blob.md' },
  FILE_ENTRY_FIELDS,
);
