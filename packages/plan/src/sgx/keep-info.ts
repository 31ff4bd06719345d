// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

/** "MOTTEKI1", little-endian. */
export const KEEP_INFO_MAGIC = 0x31494b4554544f4dn;

/** KEEP_INFO.flags. */
export const KEEP_INFO_FLAGS = {
  /** Memory is added while the Keep runs (EAUG, EACCEPT); else the whole heap is in the plan. */
  SGX2: 1,
} as const;

export const KEEP_INFO_FIELDS = [
  { at: 0x00, name: 'magic', type: 'u64', doc: 'MOTTEKI1' },
  { at: 0x08, name: 'version', type: 'u32', doc: '1' },
  { at: 0x0c, name: 'flags', type: 'u32', doc: 'bit 0: SGX2 memory' },
  { at: 0x10, name: 'elrange_size', type: 'u64', doc: 'SECS.SIZE' },
  { at: 0x18, name: 'thread_start', type: 'u64', doc: 'offset of thread block 0' },
  { at: 0x20, name: 'thread_count', type: 'u64', doc: 'thread blocks that there can be' },
  { at: 0x28, name: 'exec_start', type: 'u64', doc: 'offset at which the exec address 0 lies' },
  { at: 0x30, name: 'exec_end', type: 'u64', doc: 'offset of the first page after the exec' },
  { at: 0x38, name: 'exec_entry', type: 'u64', doc: 'offset of the entry of the exec' },
  { at: 0x40, name: 'exec_phdr', type: 'u64', doc: 'offset of the program headers of the exec in memory' },
  { at: 0x48, name: 'exec_phnum', type: 'u64', doc: 'number of program headers' },
  { at: 0x50, name: 'heap_start', type: 'u64', doc: 'offset of the heap' },
  { at: 0x58, name: 'heap_end', type: 'u64', doc: 'offset of the first byte after the heap' },
  { at: 0x60, name: 'xfrm', type: 'u64', doc: 'SECS.ATTRIBUTES.XFRM' },
  { at: 0x68, name: 'memory', type: 'u64', doc: 'bytes of the heap that can be used at a time' },
  { at: 0x70, name: 'reserved_070', type: 'bytes16' },
] as const;

/** What the plan tells the shim, in a measured page that follows the shim's image. */
export const KEEP_INFO: Layout<typeof KEEP_INFO_FIELDS> = layout(
  { name: 'KEEP_INFO', size: 0x80, source: 'Motte, docs/sgx-keep.md' },
  KEEP_INFO_FIELDS,
);
