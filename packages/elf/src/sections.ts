// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { checkRange, toSafeNumber } from '@motte/binary/range';
import { sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { SHF, SHN, SHT, nameOf } from './constants.js';
import { EHDR, SHDR } from './layouts.js';
import { records } from './records.js';
import { strings } from './strings.js';
import type { Elf, ElfHeader, Section } from './types.js';

/** Longest name of a section. 65,279 sections of this length are 64 MiB, the most that a hostile file costs. */
const NAME_LIMIT = 1024;

const ADDRESS_END = 1n << 64n;

function checkSection(section: Section, source: ByteSource, at: number): void {
  const name = `section ${section.index}`;
  const inFile = section.type !== SHT.NOBITS && section.type !== SHT.NULL;
  if (inFile && section.size > 0 && section.offset + section.size > source.size) {
    throw new MotteError('ELF_TRUNCATED', {
      field: `${name}.sh_size`,
      expected: `bytes 0x${section.offset.toString(16)} + 0x${section.size.toString(16)} within the file`,
      found: `a file of 0x${source.size.toString(16)} bytes`,
      offset: at + SHDR.offsetOf('sh_size'),
    });
  }
  const { addralign } = section;
  const powerOfTwo = (addralign & (addralign - 1n)) === 0n;
  if (!powerOfTwo || (addralign > 1n && section.addr % addralign !== 0n)) {
    throw new MotteError('ELF_SECTION_ALIGN', {
      field: `${name}.sh_addralign`,
      expected: 'a power of two that divides sh_addr',
      found: `sh_addralign 0x${addralign.toString(16)}, sh_addr 0x${section.addr.toString(16)}`,
      offset: at + SHDR.offsetOf('sh_addralign'),
    });
  }
  if ((section.flags & SHF.ALLOC) !== 0n) {
    const memoryAt = at + SHDR.offsetOf('sh_addr');
    checkRange(section.addr, BigInt(section.size), ADDRESS_END, `${name}.sh_addr`, memoryAt);
  }
}

/** Section 0 is a gap in the numbering: all its members are zero (extended numbering is refused before). */
function checkNull(section: Section, offset: number): void {
  const { index, name, addr, flags, addralign, entsize, ...numbers } = section;
  const sum = addr | flags | addralign | entsize;
  if (sum !== 0n || Object.values(numbers).some((value) => value !== 0)) {
    throw new MotteError('ELF_SECTION_NULL', {
      field: `section ${index}`,
      expected: 'zeros',
      found: `${nameOf('SHT', SHT, section.type)} ${name}`.trim(),
      offset,
    });
  }
}

function named(source: ByteSource, header: ElfHeader, sections: readonly Section[]): Section[] {
  if (header.shstrndx === SHN.UNDEF) return [...sections];
  const table = sections[header.shstrndx];
  if (table === undefined || table.type !== SHT.STRTAB) {
    throw new MotteError('ELF_SECTION_NAMES', {
      field: 'e_shstrndx',
      expected: `the number of a string table, below ${sections.length}`,
      found: table === undefined ? header.shstrndx : nameOf('SHT', SHT, table.type),
      offset: EHDR.offsetOf('e_shstrndx'),
    });
  }
  const names = strings(source, table.offset, table.size, NAME_LIMIT);
  return sections.map((section) =>
    section.index === 0
      ? section
      : { ...section, name: names.get(section.nameOffset, `section ${section.index}.sh_name`) },
  );
}

/** Reads and checks the section headers that `header` announces; their range has been checked. */
export function readSections(source: ByteSource, header: ElfHeader): Section[] {
  const out: Section[] = [];
  for (const { bytes, at, offset } of records(source, header.shoff, header.shnum * SHDR.size, SHDR.size)) {
    const raw = SHDR.read(bytes, at);
    const index = out.length;
    const length = (field: 'sh_offset' | 'sh_size'): number =>
      toSafeNumber(raw[field], `section ${index}.${field}`, offset + SHDR.offsetOf(field));
    const section: Section = {
      index,
      name: '',
      nameOffset: raw.sh_name,
      type: raw.sh_type,
      flags: raw.sh_flags,
      addr: raw.sh_addr,
      offset: length('sh_offset'),
      size: length('sh_size'),
      link: raw.sh_link,
      info: raw.sh_info,
      addralign: raw.sh_addralign,
      entsize: raw.sh_entsize,
    };
    if (index === 0) checkNull(section, offset);
    else checkSection(section, source, offset);
    out.push(section);
  }
  return named(source, header, out);
}

/** The section of that name; the first, if a file has several. */
export function findSection(elf: Pick<Elf, 'sections'>, name: string): Section | undefined {
  return elf.sections.find((section) => section.name === name);
}

/** The loaded section that holds `address`, and not one of thread-local zeros, which take no memory there. */
export function sectionAt(elf: Pick<Elf, 'sections'>, address: bigint): Section | undefined {
  return elf.sections.find(
    (section) =>
      (section.flags & SHF.ALLOC) !== 0n &&
      !(section.type === SHT.NOBITS && (section.flags & SHF.TLS) !== 0n) &&
      address >= section.addr &&
      address < section.addr + BigInt(section.size),
  );
}

/** The bytes that the file has of a section; none for NOBITS. */
export function sectionSource(elf: Elf, section: Section): ByteSource {
  const none = section.type === SHT.NOBITS || section.type === SHT.NULL;
  return none || section.size === 0
    ? sliceSource(elf.source, 0, 0)
    : sliceSource(elf.source, section.offset, section.size);
}
