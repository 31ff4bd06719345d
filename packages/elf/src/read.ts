// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ErrorCode } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import type { LayoutValues } from '@motte/binary/layout';
import { toSafeNumber } from '@motte/binary/range';
import { readBytes, toSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { PN_XNUM, SHN } from './constants.js';
import { EHDR, PHDR, SHDR } from './layouts.js';
import type { EHDR_FIELDS } from './layouts.js';
import { readSections } from './sections.js';
import { readSegments } from './segments.js';
import type { Elf, ElfHeader } from './types.js';

type RawHeader = LayoutValues<typeof EHDR_FIELDS>;
type HeaderField = (typeof EHDR_FIELDS)[number]['name'];

const MAGIC = '7f454c46';

/** Members that have one right value each, in the order in which they are looked at. */
const FIXED: readonly {
  field: HeaderField;
  value: number;
  says: string;
  code: ErrorCode;
}[] = [
  { field: 'ei_class', value: 2, says: '2 (64-bit)', code: 'ELF_CLASS' },
  { field: 'ei_data', value: 1, says: '1 (little-endian)', code: 'ELF_ENDIAN' },
  { field: 'ei_version', value: 1, says: '1', code: 'ELF_VERSION' },
  { field: 'e_version', value: 1, says: '1', code: 'ELF_VERSION' },
  { field: 'e_ehsize', value: EHDR.size, says: `${EHDR.size}`, code: 'ELF_HEADER_SIZE' },
];

/** A table's place: its offset as a number, checked to lie within the file with all its entries. */
function tableOffset(
  source: ByteSource,
  raw: RawHeader,
  kind: 'ph' | 'sh',
  entry: { readonly size: number },
): number {
  const count = raw[`e_${kind}num`];
  const place = raw[`e_${kind}off`];
  const sizeField = `e_${kind}entsize` as const;
  const field = `e_${kind}off` as const;
  if (count === 0 || place === 0n) {
    if (count === 0 && place === 0n) return 0;
    // With sections, offset without number is extended numbering: the number stands in section 0.
    throw new MotteError('ELF_NUMBERING', {
      field: `e_${kind}num`,
      expected: place === 0n ? '0, as there is no table' : 'the number of entries',
      found: count,
      offset: EHDR.offsetOf(`e_${kind}num`),
    });
  }
  if (raw[sizeField] !== entry.size) {
    throw new MotteError('ELF_HEADER_SIZE', {
      field: sizeField,
      expected: entry.size,
      found: raw[sizeField],
      offset: EHDR.offsetOf(sizeField),
    });
  }
  const offset = toSafeNumber(place, field, EHDR.offsetOf(field));
  if (offset + count * entry.size > source.size) {
    throw new MotteError('ELF_TRUNCATED', {
      field,
      expected: `${count} entries of ${entry.size} bytes within the file`,
      found: `0x${offset.toString(16)}, in a file of 0x${source.size.toString(16)} bytes`,
      offset: EHDR.offsetOf(field),
    });
  }
  return offset;
}

function readHeader(source: ByteSource): ElfHeader {
  const head = readBytes(source, 0, Math.min(source.size, EHDR.size));
  const magic = toHex(head.subarray(0, 4));
  if (magic !== MAGIC) {
    throw new MotteError('ELF_MAGIC', { field: 'e_ident', expected: MAGIC, found: magic, offset: 0 });
  }
  if (head.length < EHDR.size) {
    throw new MotteError('ELF_TRUNCATED', {
      field: EHDR.name,
      expected: EHDR.size,
      found: head.length,
      offset: 0,
    });
  }
  const raw = EHDR.read(head);
  for (const { field, value, says, code } of FIXED) {
    if (raw[field] === value) continue;
    const found = String(raw[field]);
    throw new MotteError(code, { field, expected: says, found, offset: EHDR.offsetOf(field) });
  }
  EHDR.readStrict(head);
  if (raw.e_phnum === PN_XNUM || raw.e_shnum >= SHN.LORESERVE || raw.e_shstrndx >= SHN.LORESERVE) {
    const field =
      raw.e_phnum === PN_XNUM ? 'e_phnum' : raw.e_shnum >= SHN.LORESERVE ? 'e_shnum' : 'e_shstrndx';
    throw new MotteError('ELF_NUMBERING', {
      field,
      expected: 'a plain number',
      found: `0x${raw[field].toString(16)}`,
      offset: EHDR.offsetOf(field),
    });
  }
  return {
    osabi: raw.ei_osabi,
    abiversion: raw.ei_abiversion,
    type: raw.e_type,
    machine: raw.e_machine,
    entry: raw.e_entry,
    phoff: tableOffset(source, raw, 'ph', PHDR),
    shoff: tableOffset(source, raw, 'sh', SHDR),
    flags: raw.e_flags,
    phnum: raw.e_phnum,
    shnum: raw.e_shnum,
    shstrndx: raw.e_shstrndx,
  };
}

/**
 * Reads an ELF64 file strictly: the first fault throws, nothing is repaired, and what the returned object says
 * of the file holds (tables, segments and sections lie within it, sizes and addresses do not overflow, PT_LOADs
 * ascend). Reads the headers and the section names only; contents stay in `input`, which must not change.
 */
export function readElf(input: Uint8Array | ByteSource): Elf {
  const source = toSource(input);
  const header = readHeader(source);
  const segments = readSegments(source, header);
  const sections = readSections(source, header);
  return { source, header, segments, sections };
}
