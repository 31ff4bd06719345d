// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

export const CCEL_TABLE_FIELDS = [
  { at: 0x00, name: 'signature', type: 'bytes4', doc: '"CCEL"' },
  { at: 0x04, name: 'length', type: 'u32', doc: '56' },
  { at: 0x08, name: 'revision', type: 'u8', doc: '1' },
  { at: 0x09, name: 'checksum', type: 'u8', doc: 'all bytes of the table add up to 0' },
  { at: 0x0a, name: 'oem_id', type: 'bytes6' },
  { at: 0x10, name: 'oem_table_id', type: 'bytes8' },
  { at: 0x18, name: 'oem_revision', type: 'u32' },
  { at: 0x1c, name: 'creator_id', type: 'bytes4' },
  { at: 0x20, name: 'creator_revision', type: 'u32' },
  { at: 0x24, name: 'cc_type', type: 'u8', doc: '2: TDX' },
  { at: 0x25, name: 'cc_subtype', type: 'u8', doc: '0' },
  { at: 0x26, name: 'reserved_26', type: 'u16' },
  { at: 0x28, name: 'laml', type: 'u64', doc: 'log area minimum length' },
  { at: 0x30, name: 'lasa', type: 'u64', doc: 'log area start address' },
] as const;

/** The ACPI table that says where firmware left the event log of a confidential guest. */
export const CCEL_TABLE: Layout<typeof CCEL_TABLE_FIELDS> = layout(
  { name: 'CCEL', size: 56, source: 'ACPI 6.5, CC Event Log ACPI Table; Intel GHCI 1.5, TD event log' },
  CCEL_TABLE_FIELDS,
);

/** Where the log is, in the guest's memory. */
export interface CcelTable {
  /** Bytes of its area; the system shows the whole of it. */
  readonly logBytes: number;
  readonly logAddress: bigint;
}

const SIGNATURE = '4343454c';
const REVISION = 1;
const CC_TYPE_TDX = 2;
const ADDRESS_END = 1n << 52n;

type FieldName = (typeof CCEL_TABLE_FIELDS)[number]['name'];

function bad(name: FieldName, expected: string, found: string | number | bigint): MotteError {
  const offset = CCEL_TABLE.offsetOf(name);
  return new MotteError('CCEL_TABLE', { field: `CCEL.${name}`, expected, found, offset });
}

/** Reads the table. Strict. Throws CCEL_TABLE, STRUCT_TRUNCATED, STRUCT_RESERVED. */
export function readCcelTable(bytes: Uint8Array): CcelTable {
  const signature = toHex(bytes.subarray(0, 4));
  if (signature !== SIGNATURE) throw bad('signature', `${SIGNATURE} ("CCEL")`, signature);
  const table = CCEL_TABLE.readStrict(bytes);
  if (table.length !== CCEL_TABLE.size) throw bad('length', `${CCEL_TABLE.size}`, table.length);
  if (bytes.length !== table.length) throw bad('length', `the ${bytes.length} bytes there are`, table.length);
  if (table.revision !== REVISION) throw bad('revision', `${REVISION}`, table.revision);
  const sum = bytes.reduce((all, byte) => (all + byte) & 0xff, 0);
  if (sum !== 0) throw bad('checksum', `0x${((table.checksum - sum) & 0xff).toString(16)}`, table.checksum);
  if (table.cc_type !== CC_TYPE_TDX) throw bad('cc_type', `${CC_TYPE_TDX} (TDX)`, table.cc_type);
  if (table.cc_subtype !== 0) throw bad('cc_subtype', '0', table.cc_subtype);
  // As Linux, which shows no log for a table that says 0 of either.
  if (table.laml === 0n || table.laml >= ADDRESS_END) throw bad('laml', '1 byte to 52 bits', table.laml);
  if (table.lasa === 0n || table.lasa + table.laml > ADDRESS_END)
    throw bad('lasa', 'an address, the log within 52 bits', table.lasa);
  return { logBytes: Number(table.laml), logAddress: table.lasa };
}
