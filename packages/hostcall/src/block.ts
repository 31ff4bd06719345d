// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

/** Sizes of a thread's host-call block in untrusted memory, in bytes. */
export const BLOCK_SIZE = 0x21000;
export const DATA_OFFSET = 0x1000;
export const DATA_SIZE = 0x20000;

/** Why the Keep left (RDI at EEXIT). */
export const EXIT_WHY = { HOSTCALL: 1, RESUME: 2, ENDED: 3, REFUSED: 4, IGNORED: 5, BUSY: 6 } as const;

export const HOSTCALL_BLOCK_FIELDS = [
  { at: 0x00, name: 'version', type: 'u32', doc: '1' },
  { at: 0x04, name: 'sequence', type: 'u32', doc: 'counts host calls of this thread, from 1' },
  { at: 0x08, name: 'number', type: 'u32', doc: 'which call' },
  { at: 0x0c, name: 'answered', type: 'u32', doc: 'host: the sequence that this answers' },
  { at: 0x10, name: 'arg0', type: 'u64' },
  { at: 0x18, name: 'arg1', type: 'u64' },
  { at: 0x20, name: 'arg2', type: 'u64' },
  { at: 0x28, name: 'arg3', type: 'u64' },
  { at: 0x30, name: 'arg4', type: 'u64' },
  { at: 0x38, name: 'arg5', type: 'u64' },
  { at: 0x40, name: 'result', type: 'u64', doc: 'host: as of Linux, -4095..-1 is an errno' },
  { at: 0x48, name: 'in_length', type: 'u32', doc: 'bytes of the data area that the Keep wrote' },
  { at: 0x4c, name: 'out_length', type: 'u32', doc: 'host: bytes of the data area that it wrote' },
  { at: 0x50, name: 'reserved_050', type: 'bytes48' },
] as const;

/** The header of a host-call block; the data area follows at DATA_OFFSET. */
export const HOSTCALL_BLOCK: Layout<typeof HOSTCALL_BLOCK_FIELDS> = layout(
  { name: 'HOSTCALL_BLOCK', size: 0x80, source: 'Motte, docs/sgx-keep.md' },
  HOSTCALL_BLOCK_FIELDS,
);

/** "MOTTEBT1", little-endian. */
export const BOOT_MAGIC = 0x3154424554544f4dn;

export const BOOT_FIELDS = [
  { at: 0x00, name: 'magic', type: 'u64', doc: 'MOTTEBT1' },
  { at: 0x08, name: 'config_length', type: 'u32', doc: 'bytes of the config blob, which follows' },
  { at: 0x0c, name: 'args_count', type: 'u32', doc: 'host arguments; refused unless the blob allows them' },
  {
    at: 0x10,
    name: 'args_length',
    type: 'u32',
    doc: 'bytes of the host arguments, each ended by NUL, after the blob',
  },
  {
    at: 0x14,
    name: 'env_count',
    type: 'u32',
    doc: 'host environment; only what the blob leaves to the host',
  },
  { at: 0x18, name: 'env_length', type: 'u32', doc: 'bytes of the host environment, each K=V ended by NUL' },
  { at: 0x1c, name: 'reserved_01c', type: 'u32' },
] as const;

/** What the host puts at the start of the data area before the first entry; blob, arguments and environment follow. */
export const BOOT: Layout<typeof BOOT_FIELDS> = layout(
  { name: 'BOOT', size: 0x20, source: 'Motte, docs/sgx-keep.md' },
  BOOT_FIELDS,
);

/** Type of the auxiliary vector's entry that holds the address of the direct entry. */
export const AT_MOTTE_ENTRY = 0x4d4f5454;
