// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

const SOURCE = 'Devicetree Specification v0.4, chapter 5';

export const FDT_HEADER_FIELDS = [
  { at: 0x00, name: 'magic', type: 'u32be', doc: '0xd00dfeed' },
  { at: 0x04, name: 'totalsize', type: 'u32be' },
  { at: 0x08, name: 'off_dt_struct', type: 'u32be' },
  { at: 0x0c, name: 'off_dt_strings', type: 'u32be' },
  { at: 0x10, name: 'off_mem_rsvmap', type: 'u32be' },
  { at: 0x14, name: 'version', type: 'u32be', doc: '17' },
  { at: 0x18, name: 'last_comp_version', type: 'u32be', doc: '16' },
  { at: 0x1c, name: 'boot_cpuid_phys', type: 'u32be' },
  { at: 0x20, name: 'size_dt_strings', type: 'u32be' },
  { at: 0x24, name: 'size_dt_struct', type: 'u32be' },
] as const;

/** The header of a flattened device tree. */
export const FDT_HEADER: Layout<typeof FDT_HEADER_FIELDS> = layout(
  { name: 'FDT header', size: 0x28, source: SOURCE },
  FDT_HEADER_FIELDS,
);

export const FDT_MAGIC = 0xd00dfeed;
export const FDT_VERSION = 17;
export const FDT_COMPATIBLE_VERSION = 16;
/** The list of memory reservations: in the trees of ESM blobs its end alone, 16 zero bytes. */
export const RESERVATIONS_BYTES = 16;

/** Words of the structure block. */
export const TOKEN = { BEGIN_NODE: 1, END_NODE: 2, PROP: 3, NOP: 4, END: 9 } as const;

/** Nodes within nodes; those of ESM blobs are 4 deep. */
export const MAX_DEPTH = 16;

/** Names of nodes (with or without a unit address) and of properties. */
export const NODE_NAME: RegExp = /^[A-Za-z][0-9A-Za-z,._+-]{0,30}(?:@[0-9A-Za-z,._+-]{1,31})?$/u;
export const PROPERTY_NAME: RegExp = /^[0-9A-Za-z,._+?#-]{1,31}$/u;

/** A property. */
export interface FdtProperty {
  readonly name: string;
  readonly value: Uint8Array;
}

/** A node: its properties and nodes in the order of the file. */
export interface FdtNode {
  readonly name: string;
  readonly properties: readonly FdtProperty[];
  readonly nodes: readonly FdtNode[];
}

/** A device tree, and the order in which its block of strings has the names of properties. */
export interface Fdt {
  readonly root: FdtNode;
  readonly strings: readonly string[];
}

/** An FDT error at an offset. */
export function badFdt(
  field: string,
  expected: string | number,
  found: string | number | bigint,
  offset: number,
): MotteError {
  return new MotteError('FDT', { field, expected, found, offset });
}

/** `value` rounded up to a multiple of 4, as every part of the structure block is. */
export function align4(value: number): number {
  return Math.ceil(value / 4) * 4;
}
