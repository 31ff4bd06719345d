// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { layout } from '@motte/binary/layout';
import type { Layout, LayoutValues } from '@motte/binary/layout';
import { PAGE_SIZE } from '@motte/binary/range';
import { readBytes } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { readFooterTable } from '../firmware/footer-table.js';

const SOURCE = 'Intel 344991, TDX Virtual Firmware Design Guide, Metadata Definition';

export const TDVF_HEAD_FIELDS = [
  { at: 0x0, name: 'signature', type: 'u32', doc: '"TDVF"' },
  { at: 0x4, name: 'length', type: 'u32', doc: 'of head and sections' },
  { at: 0x8, name: 'version', type: 'u32', doc: '1' },
  { at: 0xc, name: 'count', type: 'u32' },
] as const;

/** The head of a TDVF descriptor. */
export const TDVF_HEAD: Layout<typeof TDVF_HEAD_FIELDS> = layout(
  { name: 'TDVF', size: 16, source: SOURCE },
  TDVF_HEAD_FIELDS,
);

export const TDVF_SECTION_FIELDS = [
  { at: 0x00, name: 'data_offset', type: 'u32', doc: 'in the image' },
  { at: 0x04, name: 'raw_size', type: 'u32' },
  { at: 0x08, name: 'gpa', type: 'u64' },
  { at: 0x10, name: 'mem_size', type: 'u64' },
  { at: 0x18, name: 'type', type: 'u32', doc: 'see TDVF_SECTION_TYPES' },
  { at: 0x1c, name: 'attributes', type: 'u32', doc: 'see TDVF_ATTRIBUTES' },
] as const;

/** A range of memory that the firmware wants prepared. */
export const TDVF_SECTION: Layout<typeof TDVF_SECTION_FIELDS> = layout(
  { name: 'TDVF section', size: 32, source: SOURCE },
  TDVF_SECTION_FIELDS,
);

/** Names of section types, by number. */
export const TDVF_SECTION_TYPES = [
  'BFV',
  'CFV',
  'TD_HOB',
  'TempMem',
  'PermMem',
  'Payload',
  'PayloadParam',
  'TD_INFO',
] as const;

/** Bits of a section's attributes. */
export const TDVF_ATTRIBUTES = {
  /** Measured with MR.EXTEND. */
  EXTEND: 1,
  /** Added by the guest itself (PAGE.AUG), and not at launch. */
  AUG: 2,
} as const;

/** A section as the descriptor has it. */
export type TdvfSection = LayoutValues<typeof TDVF_SECTION_FIELDS>;

const SIGNATURE = 0x46564454;
const METADATA_GUID = 'e47a6535-984a-4798-865e-4685a7bf8ec2';
/** Where images without a footer table have the descriptor's offset, from the end. */
const POINTER_FROM_END = 0x20;
const SECTION_LIMIT = 1024;

function bad(field: string, expected: string, found: string | number | bigint, offset: number): MotteError {
  return new MotteError('FIRMWARE_TABLE', { field, expected, found, offset: Math.max(0, offset) });
}

function word(image: ByteSource, at: number): number {
  const bytes = readBytes(image, at, 4);
  return new DataView(bytes.buffer).getUint32(0, true);
}

function descriptorOffset(image: ByteSource): number {
  const entry = readFooterTable(image)?.get(METADATA_GUID);
  if (entry !== undefined) {
    if (entry.length !== 4) throw bad('TDX metadata block', '4 bytes', entry.length, image.size);
    return image.size - new DataView(entry.buffer, entry.byteOffset).getUint32(0, true);
  }
  if (image.size < POINTER_FROM_END) throw bad('image', 'a TDVF descriptor', `${image.size} bytes`, 0);
  return word(image, image.size - POINTER_FROM_END);
}

/**
 * Whether an image says that it is TDVF, be it right in what it says or not: by its footer table, or by a
 * descriptor where images without one have it. Throws FIRMWARE_TABLE for a damaged footer table.
 */
export function hasTdvf(image: ByteSource): boolean {
  if (readFooterTable(image)?.has(METADATA_GUID) === true) return true;
  if (image.size < POINTER_FROM_END) return false;
  const at = word(image, image.size - POINTER_FROM_END);
  return at + TDVF_HEAD.size <= image.size && word(image, at) === SIGNATURE;
}

function checkSection(section: TdvfSection, index: number, at: number, image: ByteSource): void {
  const { data_offset, raw_size, gpa, mem_size, type, attributes } = section;
  const field = (name: keyof TdvfSection): [string, number] => [
    `TDVF section ${index}.${name}`,
    at + TDVF_SECTION.offsetOf(name),
  ];
  const refuse = (name: keyof TdvfSection, expected: string): MotteError => {
    const [path, offset] = field(name);
    return bad(path, expected, section[name], offset);
  };
  const page = BigInt(PAGE_SIZE);
  if (type >= TDVF_SECTION_TYPES.length) throw refuse('type', `0 to ${TDVF_SECTION_TYPES.length - 1}`);
  if (gpa % page !== 0n) throw refuse('gpa', 'a multiple of 0x1000');
  if (mem_size === 0n || mem_size % page !== 0n || gpa + mem_size > 1n << 52n)
    throw refuse('mem_size', 'whole pages within 52 bits, one at least');
  if (attributes > (TDVF_ATTRIBUTES.EXTEND | TDVF_ATTRIBUTES.AUG))
    throw refuse('attributes', 'bits 0 and 1 alone');
  if (BigInt(raw_size) > mem_size)
    throw refuse('raw_size', `at most the memory size 0x${mem_size.toString(16)}`);
  if (data_offset + raw_size > image.size) throw refuse('data_offset', `data within ${image.size} bytes`);
  // Peers hash different bytes there: what follows in the file, or zeros.
  if ((attributes & TDVF_ATTRIBUTES.EXTEND) !== 0 && BigInt(raw_size) !== mem_size)
    throw refuse('raw_size', `the memory size 0x${mem_size.toString(16)}, as the section is measured`);
}

/** The sections of a TDVF or td-shim image, checked. Throws FIRMWARE_TABLE. */
export function readTdvf(image: ByteSource): TdvfSection[] {
  const at = descriptorOffset(image);
  if (at < 0 || at + TDVF_HEAD.size > image.size) throw bad('TDVF offset', 'a place within the image', at, 0);
  const head = TDVF_HEAD.read(readBytes(image, at, TDVF_HEAD.size));
  if (head.signature !== SIGNATURE)
    throw bad('TDVF.signature', 'TDVF', `0x${head.signature.toString(16)}`, at);
  if (head.version !== 1) throw bad('TDVF.version', '1', head.version, at + 8);
  if (head.count > SECTION_LIMIT || head.length !== TDVF_HEAD.size + head.count * TDVF_SECTION.size)
    throw bad(
      'TDVF.length',
      `${TDVF_HEAD.size} + ${TDVF_SECTION.size} for each section`,
      head.length,
      at + 4,
    );
  if (at + head.length > image.size)
    throw bad('TDVF.length', 'sections within the image', head.length, at + 4);
  return Array.from({ length: head.count }, (_, index) => {
    const from = at + TDVF_HEAD.size + index * TDVF_SECTION.size;
    const section = TDVF_SECTION.read(readBytes(image, from, TDVF_SECTION.size));
    checkSection(section, index, from, image);
    return section;
  });
}
