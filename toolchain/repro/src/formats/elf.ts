// SPDX-License-Identifier: Apache-2.0
import { SHN } from '@motte/elf/constants';
import { readElf } from '@motte/elf/read';
import { sectionSource } from '@motte/elf/sections';
import { readSymbols, symbolTable } from '@motte/elf/symbols';
import type { Elf, Section } from '@motte/elf/types';
import { readBytes } from '@motte/binary/source';
import { excerpt, firstDifference } from '../bytes.js';
import { looksLike } from '../looks.js';
import type { Place } from '../place.js';
import type { Cause } from '../variation.js';

const ET_REL = 1;
/** Sections that differ because others do: they are the reason only when nothing else differs. */
const FOLLOWS = /^\.(note\.gnu\.build-id|symtab|strtab|shstrtab|gnu_debuglink|rela\..*)$/;

function open(bytes: Uint8Array): Elf | undefined {
  try {
    return readElf(bytes);
  } catch {
    return undefined; // damaged, or of a class that we do not read: compared as bytes
  }
}

function content(elf: Elf, section: Section): Uint8Array {
  const source = sectionSource(elf, section);
  return readBytes(source, 0, source.size);
}

/** The symbol at an offset of a section: `name+0x4`. In an object file values count from the section's start. */
function symbolAt(elf: Elf, section: Section, at: number): string | undefined {
  const table = symbolTable(elf);
  if (table === undefined) return undefined;
  const address = (elf.header.type === ET_REL ? 0n : section.addr) + BigInt(at);
  for (const { name, section: index, value, size } of readSymbols(elf, table)) {
    if (index !== section.index || index === SHN.UNDEF || name === '' || size === 0n) continue;
    if (value > address || address >= value + size) continue;
    return address === value ? name : `${name}+0x${(address - value).toString(16)}`;
  }
  return undefined;
}

function lookOf(section: Section, first: string, second: string): Cause | undefined {
  if (section.name === '.note.gnu.build-id') return 'build-id';
  if (section.name === '.comment') return 'compiler';
  return looksLike(first, second);
}

/** Where two ELF files differ; undefined when one is none. */
export function placeInElf(a: Uint8Array, b: Uint8Array): Place | undefined {
  const [left, right] = [open(a), open(b)];
  if (left === undefined || right === undefined) return undefined;
  const found: { section: Section; at: number; mine: Uint8Array; other: Uint8Array }[] = [];
  for (const section of left.sections) {
    // The n-th section of a name is compared with the n-th: object files have many groups of equal names.
    const nth = left.sections.filter(
      ({ name, index }) => name === section.name && index < section.index,
    ).length;
    const pair = right.sections.filter(({ name }) => name === section.name)[nth];
    const mine = content(left, section);
    const other = pair === undefined ? new Uint8Array(0) : content(right, pair);
    const at = firstDifference(mine, other);
    if (at >= 0) found.push({ section, at, mine, other });
  }
  const compiler = found.find(({ section }) => section.name === '.comment');
  const place = compiler ?? found.find(({ section }) => !FOLLOWS.test(section.name)) ?? found[0];
  if (place === undefined) return undefined;
  const { section, at, mine, other } = place;
  const [first, second] = [excerpt(mine, at), excerpt(other, at)];
  const symbol = symbolAt(left, section, at);
  const looks = lookOf(section, first, second);
  return {
    offset: section.offset + at,
    section: section.name,
    ...(symbol === undefined ? {} : { symbol }),
    sections: found.map((one) => one.section.name),
    first,
    second,
    ...(looks === undefined ? {} : { looks }),
  };
}
