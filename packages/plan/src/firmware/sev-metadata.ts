// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { layout } from '@motte/binary/layout';
import type { Field, Layout, LayoutValues } from '@motte/binary/layout';
import { readBytes } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { readFooterTable } from './footer-table.js';

const SOURCE = 'edk2, OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm';

const HEAD_FIELDS = [
  { at: 0x0, name: 'signature', type: 'u32', doc: '"ASEV"' },
  { at: 0x4, name: 'length', type: 'u32', doc: 'of head and sections' },
  { at: 0x8, name: 'version', type: 'u32', doc: '1' },
  { at: 0xc, name: 'count', type: 'u32' },
] as const;
const HEAD: Layout<typeof HEAD_FIELDS> = layout({ name: 'ASEV', size: 16, source: SOURCE }, HEAD_FIELDS);

const SECTION_FIELDS = [
  { at: 0x0, name: 'gpa', type: 'u32' },
  { at: 0x4, name: 'size', type: 'u32' },
  { at: 0x8, name: 'type', type: 'u32', doc: 'see SEV_SECTION' },
] as const;
const SECTION: Layout<typeof SECTION_FIELDS> = layout(
  { name: 'ASEV section', size: 12, source: SOURCE },
  SECTION_FIELDS,
);

const HASH_TABLE_FIELDS = [
  { at: 0x0, name: 'gpa', type: 'u32' },
  { at: 0x4, name: 'size', type: 'u32' },
] as const;
const HASH_TABLE: Layout<typeof HASH_TABLE_FIELDS> = layout(
  { name: 'SEV hash table block', size: 8, source: 'edk2, OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm' },
  HASH_TABLE_FIELDS,
);

const ENTRY_POINT_FIELDS = [{ at: 0x0, name: 'eip', type: 'u32' }] as const;
const ENTRY_POINT: Layout<typeof ENTRY_POINT_FIELDS> = layout(
  { name: 'entry point block', size: 4, source: 'edk2, OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm' },
  ENTRY_POINT_FIELDS,
);

const OFFSET_FIELDS = [{ at: 0x0, name: 'from_end', type: 'u32' }] as const;
const OFFSET: Layout<typeof OFFSET_FIELDS> = layout(
  { name: 'metadata offset', size: 4, source: SOURCE },
  OFFSET_FIELDS,
);

const SIGNATURE = 0x56455341;
const SECTION_LIMIT = 1024;

const GUIDS = {
  HASH_TABLE: '7255371f-3a3b-4b04-927b-1da6efa8d454',
  RESET_BLOCK: '00f771de-1a7e-4fcb-890e-68c77e2fb44e',
  METADATA: 'dc886566-984a-4798-a75e-5585a7bf67cc',
  SVSM_INFO: 'a789a612-0597-4c4b-a49f-cbb1fe9d1ddd',
} as const;

/** Types of a metadata section. */
export const SEV_SECTION = {
  MEMORY: 1,
  SECRETS: 2,
  CPUID: 3,
  SVSM_CALLING_AREA: 4,
  KERNEL_HASHES: 0x10,
} as const;

/** A range of guest memory that the firmware wants prepared. */
export interface SevSection {
  readonly gpa: number;
  readonly size: number;
  readonly type: number;
}

/** What an OVMF or SVSM image says of itself for SEV. */
export interface SevFirmware {
  readonly sections: readonly SevSection[];
  /** Where the firmware looks for the hashes of kernel, initrd and command line. */
  readonly hashTable: { readonly gpa: number; readonly size: number } | undefined;
  /** Where vCPUs after the first begin. */
  readonly resetEip: number | undefined;
  /** SVSM: where every vCPU begins, relative to the image. */
  readonly svsmEntry: number | undefined;
}

function bad(
  field: string,
  expected: string,
  found: string | number | undefined,
  offset: number,
): MotteError {
  return new MotteError('FIRMWARE_TABLE', {
    field,
    expected,
    offset,
    ...(found === undefined ? {} : { found }),
  });
}

function entry<F extends readonly Field[]>(
  table: ReadonlyMap<string, Uint8Array>,
  guid: string,
  shape: Layout<F>,
  exact = true,
): LayoutValues<F> | undefined {
  const data = table.get(guid);
  if (data === undefined) return undefined;
  if (exact ? data.length !== shape.size : data.length < shape.size)
    throw new MotteError('FIRMWARE_TABLE', {
      field: shape.name,
      expected: `${shape.size} bytes`,
      found: data.length,
    });
  return shape.read(data);
}

function readSections(image: ByteSource, fromEnd: number): SevSection[] {
  const at = image.size - fromEnd;
  if (at < 0 || at + HEAD.size > image.size) throw bad('ASEV offset', 'a place within the image', fromEnd, 0);
  const head = HEAD.read(readBytes(image, at, HEAD.size));
  if (head.signature !== SIGNATURE) throw bad('ASEV.signature', 'ASEV', head.signature, at);
  if (head.version !== 1) throw bad('ASEV.version', '1', head.version, at + 8);
  if (head.count > SECTION_LIMIT || head.length !== HEAD.size + head.count * SECTION.size)
    throw bad('ASEV.length', `${HEAD.size} + ${SECTION.size} for each section`, head.length, at + 4);
  if (at + head.length > image.size)
    throw bad('ASEV.length', 'sections within the image', head.length, at + 4);
  const bytes = readBytes(image, at + HEAD.size, head.length - HEAD.size);
  return Array.from({ length: head.count }, (_, i) => SECTION.read(bytes, i * SECTION.size));
}

/** Reads what a firmware image says for SEV, SEV-ES and SEV-SNP. Throws FIRMWARE_TABLE. */
export function readSevFirmware(image: ByteSource): SevFirmware {
  const table = readFooterTable(image) ?? new Map<string, Uint8Array>();
  const hashTable = entry(table, GUIDS.HASH_TABLE, HASH_TABLE);
  const metadata = entry(table, GUIDS.METADATA, OFFSET);
  return {
    sections: metadata === undefined ? [] : readSections(image, metadata.from_end),
    hashTable: hashTable === undefined || hashTable.gpa === 0 ? undefined : hashTable,
    resetEip: entry(table, GUIDS.RESET_BLOCK, ENTRY_POINT)?.eip,
    svsmEntry: entry(table, GUIDS.SVSM_INFO, ENTRY_POINT, false)?.eip,
  };
}
