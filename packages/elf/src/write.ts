// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { fromHex } from '@motte/binary/hex';
import { readBytes } from '@motte/binary/source';
import { EHDR, PHDR, SHDR } from './layouts.js';
import { readElf } from './read.js';
import type { Elf, ElfHeader, Section, Segment } from './types.js';

/** Bytes at a place of the file. */
export interface Content {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** All of a file: what its headers say, and the bytes between them. Bytes that no part names are zero. */
export interface ElfParts {
  readonly header: Omit<ElfHeader, 'phnum' | 'shnum'>;
  readonly segments: readonly Omit<Segment, 'index'>[];
  readonly sections: readonly Omit<Section, 'index' | 'name'>[];
  readonly contents: readonly Content[];
}

function segmentBytes(segment: Omit<Segment, 'index'>): Uint8Array {
  return PHDR.write({
    p_type: segment.type,
    p_flags: segment.flags,
    p_offset: BigInt(segment.offset),
    p_vaddr: segment.vaddr,
    p_paddr: segment.paddr,
    p_filesz: BigInt(segment.filesz),
    p_memsz: BigInt(segment.memsz),
    p_align: segment.align,
  });
}

function sectionBytes(section: Omit<Section, 'index' | 'name'>): Uint8Array {
  return SHDR.write({
    sh_name: section.nameOffset,
    sh_type: section.type,
    sh_flags: section.flags,
    sh_addr: section.addr,
    sh_offset: BigInt(section.offset),
    sh_size: BigInt(section.size),
    sh_link: section.link,
    sh_info: section.info,
    sh_addralign: section.addralign,
    sh_entsize: section.entsize,
  });
}

function headerBytes({ header, segments, sections }: ElfParts): Uint8Array {
  return EHDR.write({
    ei_magic: fromHex('7f454c46'),
    ei_class: 2,
    ei_data: 1,
    ei_version: 1,
    ei_osabi: header.osabi,
    ei_abiversion: header.abiversion,
    e_type: header.type,
    e_machine: header.machine,
    e_version: 1,
    e_entry: header.entry,
    e_phoff: BigInt(header.phoff),
    e_shoff: BigInt(header.shoff),
    e_flags: header.flags,
    e_ehsize: EHDR.size,
    e_phentsize: segments.length === 0 ? 0 : PHDR.size,
    e_phnum: segments.length,
    e_shentsize: sections.length === 0 ? 0 : SHDR.size,
    e_shnum: sections.length,
    e_shstrndx: header.shstrndx,
  });
}

/** Every part of the file with its place, in the order of places. Throws ELF_WRITE when two overlap. */
function placed(parts: ElfParts): Content[] {
  const { phoff, shoff } = parts.header;
  const all = [
    { offset: 0, bytes: headerBytes(parts) },
    ...parts.segments.map((segment, i) => ({ offset: phoff + i * PHDR.size, bytes: segmentBytes(segment) })),
    ...parts.sections.map((section, i) => ({ offset: shoff + i * SHDR.size, bytes: sectionBytes(section) })),
    ...parts.contents.filter(({ bytes }) => bytes.length > 0),
  ].sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const { offset, bytes } of all) {
    if (!Number.isSafeInteger(offset) || offset < end) {
      const expected = `at least 0x${end.toString(16)}, the end of the part before it`;
      throw new MotteError('ELF_WRITE', {
        field: 'offset',
        expected,
        found: offset,
        offset: Math.max(0, offset),
      });
    }
    end = offset + bytes.length;
  }
  return all;
}

/**
 * Writes an ELF64 file of its parts, and reads it again before it is given out, so that nothing is written that
 * `readElf` would refuse. Throws ELF_WRITE for parts that overlap, else what `readElf` throws. The caller owns the
 * result.
 */
export function writeElf(parts: ElfParts): Uint8Array {
  const all = placed(parts);
  const last = all.at(-1) as Content;
  const out = new Uint8Array(last.offset + last.bytes.length);
  for (const { offset, bytes } of all) out.set(bytes, offset);
  readElf(out);
  return out;
}

/**
 * The parts of a file that was read: `writeElf` makes the same bytes of them again, unless tables of the file
 * overlap, or it has the size of entries that there are none of. Copies the whole file.
 */
export function elfParts(elf: Elf): ElfParts {
  const { source, header, segments, sections } = elf;
  const tables = [
    { from: 0, to: EHDR.size },
    { from: header.phoff, to: header.phoff + segments.length * PHDR.size },
    { from: header.shoff, to: header.shoff + sections.length * SHDR.size },
  ]
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from);
  const contents: Content[] = [];
  let end = 0;
  for (const { from, to } of [...tables, { from: source.size, to: source.size }]) {
    if (from > end) contents.push({ offset: end, bytes: readBytes(source, end, from - end) });
    end = Math.max(end, to);
  }
  return { header, segments, sections, contents };
}
