// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { DT, R_X86_64, nameOf } from './constants.js';
import { readDynamic, tagName } from './dynamic.js';
import type { Dynamic } from './dynamic.js';
import { RELA, RELR } from './layouts.js';
import { pieces, records } from './records.js';
import type { Piece } from './records.js';
import { fileOffset } from './segments.js';
import type { Elf } from './types.js';

/** A table of relocations that the dynamic section names. */
export interface RelocationTable {
  readonly kind: 'RELA' | 'JMPREL' | 'RELR';
  readonly address: bigint;
  /** Where the file has it. */
  readonly offset: number;
  readonly size: number;
}

/** What the program's own start code, or a dynamic loader, is to change. Motte never applies one. */
export interface Relocation {
  readonly table: RelocationTable['kind'];
  /** See `R_X86_64`. */
  readonly type: number;
  /** Number of the symbol in DT_SYMTAB, or 0. */
  readonly symbol: number;
  /** Address of what it changes. */
  readonly address: bigint;
  /** Signed; undefined where it stands in the memory that is changed (RELR). */
  readonly addend: bigint | undefined;
  /** Where the file has the record. */
  readonly offset: number;
}

/** How many relocations of a type there are. */
export interface RelocationCount {
  readonly type: number;
  readonly name: string;
  readonly count: number;
}

const WORD = 8n;
const WORDS_A_BITMAP = 63n;
const ADDRESS_END = 1n << 64n;

const TABLES = [
  { kind: 'RELA', start: DT.RELA, size: DT.RELASZ, entry: DT.RELAENT, bytes: RELA.size },
  { kind: 'JMPREL', start: DT.JMPREL, size: DT.PLTRELSZ, entry: undefined, bytes: RELA.size },
  { kind: 'RELR', start: DT.RELR, size: DT.RELRSZ, entry: DT.RELRENT, bytes: RELR.size },
] as const;

/** `R_X86_64_RELATIVE`, or `R_X86_64_0x…` for a type that has no name. */
export function relocationName(type: number): string {
  return nameOf('R_X86_64', R_X86_64, type);
}

function tableOf(elf: Elf, dynamic: Dynamic, row: (typeof TABLES)[number]): RelocationTable | undefined {
  const address = dynamic.get(row.start);
  const size = dynamic.length(row.size);
  if (address === undefined && size === undefined) return undefined;
  if (address === undefined || size === undefined) {
    const [has, lacks] = address === undefined ? [row.size, row.start] : [row.start, row.size];
    const field = tagName(lacks);
    throw new MotteError('ELF_DYNAMIC', { field, expected: `it beside ${tagName(has)}`, found: 'none' });
  }
  const entry = row.entry === undefined ? undefined : dynamic.get(row.entry);
  if (row.entry !== undefined && entry !== BigInt(row.bytes)) {
    const field = tagName(row.entry);
    throw new MotteError('ELF_DYNAMIC', { field, expected: row.bytes, found: entry ?? 'none' });
  }
  if (size % row.bytes !== 0) {
    const expected = `a multiple of ${row.bytes}`;
    throw new MotteError('ELF_DYNAMIC', { field: tagName(row.size), expected, found: size });
  }
  if (size === 0) return undefined;
  return { kind: row.kind, address, size, offset: fileOffset(elf, address, size, tagName(row.start)) };
}

/**
 * The relocation tables of a file. Throws ELF_DYNAMIC for sizes that do not fit and for DT_REL, which x86-64 does
 * not have, and ELF_ADDRESS for a table that is not loaded.
 */
export function relocationTables(
  elf: Elf,
  dynamic: Dynamic | undefined = readDynamic(elf),
): RelocationTable[] {
  if (dynamic === undefined) return [];
  const pltrel = dynamic.get(DT.PLTREL);
  if (dynamic.get(DT.REL) !== undefined || (pltrel !== undefined && pltrel !== BigInt(DT.RELA))) {
    throw new MotteError('ELF_DYNAMIC', {
      field: pltrel === undefined ? 'DT_REL' : 'DT_PLTREL',
      expected: 'relocations with addends (DT_RELA)',
      found: 'DT_REL',
    });
  }
  const tables = TABLES.flatMap((row) => tableOf(elf, dynamic, row) ?? []);
  // Some linkers count the tail of DT_RELA, which is DT_JMPREL, in both.
  const rela = tables.find((table) => table.kind === 'RELA');
  return tables.filter(
    (table) =>
      table.kind !== 'JMPREL' ||
      rela === undefined ||
      table.address < rela.address ||
      table.address + BigInt(table.size) > rela.address + BigInt(rela.size),
  );
}

const OFFSET_AT: number = RELA.offsetOf('r_offset');
const TYPE_AT: number = RELA.offsetOf('r_type');
const SYM_AT: number = RELA.offsetOf('r_sym');
const ADDEND_AT: number = RELA.offsetOf('r_addend');

/** The record at `at` of a piece of a table with addends. */
function relaAt({ view, offset }: Piece, at: number, table: RelocationTable['kind']): Relocation {
  return {
    table,
    type: view.getUint32(at + TYPE_AT, true),
    symbol: view.getUint32(at + SYM_AT, true),
    address: view.getBigUint64(at + OFFSET_AT, true),
    addend: view.getBigInt64(at + ADDEND_AT, true),
    offset: offset + at,
  };
}

function* readRelr(elf: Elf, table: RelocationTable): Generator<Relocation> {
  const at = (address: bigint, offset: number): Relocation => {
    if (address + WORD > ADDRESS_END) {
      throw new MotteError('ELF_RELOCATION', {
        field: 'r_entry',
        expected: 'addresses below 2^64',
        found: address,
        offset,
      });
    }
    return { table: 'RELR', type: R_X86_64.RELATIVE, symbol: 0, address, addend: undefined, offset };
  };
  let next: bigint | undefined;
  for (const { bytes, at: from, offset } of records(elf.source, table.offset, table.size, RELR.size)) {
    const { r_entry: entry } = RELR.read(bytes, from);
    if ((entry & 1n) === 0n) {
      yield at(entry, offset);
      next = entry + WORD;
    } else if (next === undefined) {
      throw new MotteError('ELF_RELOCATION', {
        field: 'r_entry',
        expected: 'an address first',
        found: entry,
        offset,
      });
    } else {
      let address = next;
      for (let bits = entry >> 1n; bits !== 0n; bits >>= 1n, address += WORD) {
        if ((bits & 1n) !== 0n) yield at(address, offset);
      }
      next += WORDS_A_BITMAP * WORD;
    }
  }
}

/** The relocations of a file, table after table, unpacked; nothing is held but a window of the table. */
export function* readRelocations(elf: Elf, dynamic?: Dynamic): Generator<Relocation> {
  for (const table of relocationTables(elf, dynamic)) {
    if (table.kind === 'RELR') {
      yield* readRelr(elf, table);
      continue;
    }
    for (const piece of pieces(elf.source, table.offset, table.size, RELA.size)) {
      for (let at = 0; at < piece.bytes.length; at += RELA.size) yield relaAt(piece, at, table.kind);
    }
  }
}

/** Counts relocations by type, the lowest type number first. */
export function relocationCounter(): {
  readonly add: (relocation: Pick<Relocation, 'type'>) => void;
  readonly counts: () => RelocationCount[];
} {
  const counts = new Map<number, number>();
  return {
    add: ({ type }) => void counts.set(type, (counts.get(type) ?? 0) + 1),
    counts: () =>
      [...counts]
        .toSorted(([a], [b]) => a - b)
        .map(([type, count]) => ({ type, name: relocationName(type), count })),
  };
}

/** The bytes of a DT_RELA or DT_JMPREL table. */
export function encodeRela(
  relocations: readonly { type: number; symbol?: number; address: bigint; addend: bigint }[],
): Uint8Array {
  const out = new Uint8Array(relocations.length * RELA.size);
  relocations.forEach(({ type, symbol = 0, address, addend }, i) => {
    const r_addend = BigInt.asUintN(64, addend);
    out.set(RELA.write({ r_offset: address, r_type: type, r_sym: symbol, r_addend }), i * RELA.size);
  });
  return out;
}

/** The bytes of a DT_RELR table for even addresses in ascending order. */
export function encodeRelr(addresses: readonly bigint[]): Uint8Array {
  const words: bigint[] = [];
  let i = 0;
  while (i < addresses.length) {
    const first = addresses[i++] as bigint;
    if ((first & 1n) !== 0n) {
      throw new MotteError('ELF_WRITE', { field: 'DT_RELR', expected: 'even addresses', found: first });
    }
    words.push(first);
    for (let base = first + WORD; ; base += WORDS_A_BITMAP * WORD) {
      let bits = 0n;
      for (; i < addresses.length; i++) {
        const apart = (addresses[i] as bigint) - base;
        if (apart < 0n || apart % WORD !== 0n || apart / WORD >= WORDS_A_BITMAP) break;
        bits |= 1n << (apart / WORD);
      }
      if (bits === 0n) break;
      words.push((bits << 1n) | 1n);
    }
  }
  const out = new Uint8Array(words.length * RELR.size);
  words.forEach((word, n) => out.set(RELR.write({ r_entry: word }), n * RELR.size));
  return out;
}
