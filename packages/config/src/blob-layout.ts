// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

/** "MOTTECF1", little-endian. */
export const CONFIG_MAGIC = 0x3146434554544f4dn;

/** Most bytes of a config blob. */
export const CONFIG_MAX = 0xf000;

/** CONFIG_HEADER.flags. */
export const CONFIG_FLAGS = {
  /** `args = "host"`: the arguments come from the host and are not attested. */
  ARGS_HOST: 1,
  /** `env = "host"`: so does the whole environment. */
  ENV_HOST: 2,
  /** Standard input is empty whatever the host says. */
  STDIN_NULL: 4,
  /** execve() of files of the Keep's own is served. */
  EXEC_KEEP: 8,
  /** So is that of files of the host, whose bytes nobody vouches for. */
  EXEC_GRANTED: 16,
} as const;

/** CONFIG_RECORD.type; a blob has its records in ascending order of type. */
export const CONFIG_TYPES = {
  /** One argument, argv[0] first, in order. */
  ARG: 1,
  /** One `K=V`, ordered by the bytes of K, each K once. */
  ENV: 2,
  /** A key that the host may set: `K`, or `K=V` with V when it does not; ordered as ENV. */
  ENV_UNMEASURED: 3,
  /** A granted file or folder. */
  FILE: 4,
  /** A granted listening socket. */
  LISTEN: 5,
  /** A granted outgoing connection. */
  CONNECT: 6,
  /** The index of the image's own files, by its length and SHA-256. */
  IMAGE: 7,
} as const;

export const CONFIG_HEADER_FIELDS = [
  { at: 0x00, name: 'magic', type: 'u64', doc: 'MOTTECF1' },
  { at: 0x08, name: 'version', type: 'u32', doc: '1' },
  { at: 0x0c, name: 'length', type: 'u32', doc: 'bytes of the whole blob' },
  {
    at: 0x10,
    name: 'flags',
    type: 'u32',
    doc: 'bit 0 args from the host, 1 env from the host, 2 no stdin, 3 execve of the Keep’s own files, 4 of the host’s too',
  },
  { at: 0x14, name: 'records', type: 'u32', doc: 'number of records that follow' },
  { at: 0x18, name: 'threads', type: 'u32', doc: 'as in Keep.toml' },
  { at: 0x1c, name: 'reserved_01c', type: 'u32' },
  { at: 0x20, name: 'memory', type: 'u64', doc: 'bytes of heap' },
  { at: 0x28, name: 'reserved_028', type: 'bytes24' },
] as const;

/** The start of a config blob. */
export const CONFIG_HEADER: Layout<typeof CONFIG_HEADER_FIELDS> = layout(
  { name: 'CONFIG_HEADER', size: 0x40, source: 'Motte, docs/config-blob.md' },
  CONFIG_HEADER_FIELDS,
);

export const CONFIG_RECORD_FIELDS = [
  { at: 0x00, name: 'type', type: 'u16' },
  { at: 0x02, name: 'reserved_002', type: 'u16' },
  { at: 0x04, name: 'length', type: 'u32', doc: 'bytes of the value, which follows, zero padded to 8' },
] as const;

/** The start of a record of a config blob. */
export const CONFIG_RECORD: Layout<typeof CONFIG_RECORD_FIELDS> = layout(
  { name: 'CONFIG_RECORD', size: 8, source: 'Motte, docs/config-blob.md' },
  CONFIG_RECORD_FIELDS,
);
