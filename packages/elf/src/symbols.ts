// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { SHN, SHT, STB, STT } from './constants.js';
import { SYM } from './layouts.js';
import { records } from './records.js';
import { stringTable, strings } from './strings.js';
import type { Elf, Section } from './types.js';

/** Longest name of a symbol; names that rustc and g++ mangle stay below. */
const NAME_LIMIT = 0x4000;

export interface ElfSymbol {
  readonly name: string;
  /** See `STT`. */
  readonly type: number;
  /** See `STB`. */
  readonly binding: number;
  readonly visibility: number;
  /** Number of the section that holds it, or one of `SHN`. */
  readonly section: number;
  readonly value: bigint;
  readonly size: bigint;
  /** The source file, of a local symbol: linkers list them behind one STT_FILE symbol a file. */
  readonly file: string | undefined;
}

/** The full symbol table of a file, else the dynamic one, else none. */
export function symbolTable(elf: Pick<Elf, 'sections'>): Section | undefined {
  const ofType = (type: number): Section | undefined => elf.sections.find((section) => section.type === type);
  return ofType(SHT.SYMTAB) ?? ofType(SHT.DYNSYM);
}

function checkTable(elf: Elf, table: Section): Section {
  const bad = (field: string, expected: string | number, found: string | number): MotteError =>
    new MotteError('ELF_SYMBOL', { field: `${table.name}.${field}`, expected, found, offset: table.offset });
  if (table.type !== SHT.SYMTAB && table.type !== SHT.DYNSYM) {
    throw bad('sh_type', 'SYMTAB or DYNSYM', table.type);
  }
  if (table.entsize !== BigInt(SYM.size)) throw bad('sh_entsize', SYM.size, String(table.entsize));
  if (table.size % SYM.size !== 0) throw bad('sh_size', `a multiple of ${SYM.size}`, table.size);
  const names = elf.sections[table.link];
  if (names?.type !== SHT.STRTAB) throw bad('sh_link', 'the number of a string table', table.link);
  return names;
}

/**
 * The symbols of a table but the first, which means no symbol. Throws ELF_SYMBOL for a malformed table, ELF_STRING
 * for a malformed name.
 */
export function* readSymbols(elf: Elf, table: Section): Generator<ElfSymbol> {
  const linked = checkTable(elf, table);
  const names = strings(elf.source, linked.offset, linked.size, NAME_LIMIT);
  let file: string | undefined;
  let first = true;
  for (const { bytes, at, offset } of records(elf.source, table.offset, table.size, SYM.size)) {
    if (first) {
      first = false;
      continue;
    }
    const raw = SYM.read(bytes, at);
    const section = raw.st_shndx;
    if (section >= elf.sections.length && section < SHN.LORESERVE) {
      const expected = `below ${elf.sections.length}`;
      throw new MotteError('ELF_SYMBOL', { field: 'st_shndx', expected, found: section, offset });
    }
    const name = names.get(raw.st_name, 'st_name');
    const type = raw.st_info & 0xf;
    const binding = raw.st_info >> 4;
    if (type === STT.FILE) file = name === '' ? undefined : name;
    yield {
      name,
      type,
      binding,
      visibility: raw.st_other & 3,
      section,
      value: raw.st_value,
      size: raw.st_size,
      file: binding === STB.LOCAL ? file : undefined,
    };
  }
}

/** Finds the function or object at an address. */
export interface SymbolIndex {
  /** `name`, or `name+0x10`; undefined where no sized symbol covers the address. */
  describe(address: bigint): string | undefined;
}

/** An index over the functions and objects of the file's symbol table; empty for a stripped file. */
export function symbolIndex(elf: Elf): SymbolIndex {
  const table = symbolTable(elf);
  const found: ElfSymbol[] = [];
  for (const symbol of table === undefined ? [] : readSymbols(elf, table)) {
    const named = symbol.type === STT.FUNC || symbol.type === STT.OBJECT || symbol.type === STT.NOTYPE;
    if (named && symbol.name !== '' && symbol.size > 0n && symbol.section !== SHN.UNDEF) found.push(symbol);
  }
  // Of aliases the global one is told, and of those the first in the alphabet, so that it never changes.
  const rank = (symbol: ElfSymbol): number => (symbol.binding === STB.LOCAL ? 1 : 0);
  found.sort((a, b) => {
    if (a.value !== b.value) return a.value < b.value ? -1 : 1;
    return rank(b) - rank(a) || (a.name < b.name ? 1 : -1);
  });
  return {
    describe(address) {
      let low = 0;
      let high = found.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((found[middle] as ElfSymbol).value <= address) low = middle + 1;
        else high = middle;
      }
      const symbol = found[low - 1];
      if (symbol === undefined || address >= symbol.value + symbol.size) return undefined;
      const apart = address - symbol.value;
      return apart === 0n ? symbol.name : `${symbol.name}+0x${apart.toString(16)}`;
    },
  };
}

/** The bytes of a symbol table, locals first as the gABI wants, and of its string table. */
export function encodeSymbols(symbols: readonly Omit<ElfSymbol, 'file' | 'visibility'>[]): {
  readonly symtab: Uint8Array;
  readonly strtab: Uint8Array;
  readonly locals: number;
} {
  const local = (symbol: { binding: number }): boolean => symbol.binding === STB.LOCAL;
  const sorted = [...symbols.filter(local), ...symbols.filter((symbol) => !local(symbol))];
  const names = stringTable(symbols.map(({ name }) => name));
  const symtab = new Uint8Array((sorted.length + 1) * SYM.size);
  sorted.forEach(({ name, type, binding, section, value, size }, i) => {
    const record = SYM.write({
      st_name: names.offsets.get(name) ?? 0,
      st_info: (binding << 4) | type,
      st_shndx: section,
      st_value: value,
      st_size: size,
    });
    symtab.set(record, (i + 1) * SYM.size);
  });
  return { symtab, strtab: names.bytes, locals: sorted.filter(local).length + 1 };
}
