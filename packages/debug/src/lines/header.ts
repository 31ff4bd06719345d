// SPDX-License-Identifier: Apache-2.0
// The header of a line number program: DWARF 2 to 4, 6.2.4; DWARF 5, 6.2.4 and 6.2.4.1. 32-bit DWARF, as gcc and clang write it.
import { MotteError } from '@motte/binary/error';
import { Reader } from '../unwind/reader.js';

/** The program of one unit and what it is run by. */
export interface LineHeader {
  readonly version: number;
  readonly minimum: bigint;
  readonly perInstruction: number;
  readonly base: number;
  readonly range: number;
  readonly opcodeBase: number;
  /** Operands of each standard opcode, from 1. */
  readonly operands: readonly number[];
  /** Names of files, as `directory/name`, by the numbers that the program has. */
  readonly files: readonly (string | undefined)[];
  readonly program: Reader;
}

/** Strings that DWARF 5 refers to. */
export interface StringSections {
  readonly str: Uint8Array;
  readonly lineStr: Uint8Array;
}

const CONTENT = { PATH: 1n, DIRECTORY: 2n } as const;
const FORM = {
  DATA2: 0x05n,
  STRING: 0x08n,
  DATA1: 0x0bn,
  STRP: 0x0en,
  UDATA: 0x0fn,
  DATA16: 0x1en,
  LINE_STRP: 0x1fn,
} as const;

const refuse = (field: string, found: number | bigint): MotteError =>
  new MotteError('ELF_TRUNCATED', { field: `.debug_line: ${field}`, found });

function textAt(bytes: Uint8Array, at: number): string {
  return new Reader(bytes, 0n, at).text();
}

/** A value of an entry: text or a number. */
function form(kind: bigint, reader: Reader, strings: StringSections): string | bigint {
  switch (kind) {
    case FORM.STRING:
      return reader.text();
    case FORM.STRP:
      return textAt(strings.str, reader.u32());
    case FORM.LINE_STRP:
      return textAt(strings.lineStr, reader.u32());
    case FORM.UDATA:
      return reader.uleb();
    case FORM.DATA1:
      return BigInt(reader.u8());
    case FORM.DATA2:
      return BigInt(reader.u16());
    case FORM.DATA16:
      reader.part(16); // MD5
      return 0n;
    default:
      throw refuse('form', kind);
  }
}

interface Entry {
  readonly path: string;
  readonly directory: number;
}

/** A table of DWARF 5: which contents in which forms, then the entries. */
function table5(reader: Reader, strings: StringSections): Entry[] {
  const formats = Array.from({ length: reader.u8() }, () => [reader.uleb(), reader.uleb()] as const);
  const count = reader.uleb();
  // An entry of no bytes could be repeated without end.
  if (formats.length === 0 ? count > 0n : count > BigInt(reader.end - reader.at))
    throw refuse('count', count);
  return Array.from({ length: Number(count) }, () => {
    let [path, directory] = ['', 0];
    for (const [content, kind] of formats) {
      const value = form(kind, reader, strings);
      if (content === CONTENT.PATH && typeof value === 'string') path = value;
      if (content === CONTENT.DIRECTORY && typeof value === 'bigint') directory = Number(value);
    }
    return { path, directory };
  });
}

/** Directories and files of DWARF 2 to 4, where numbers start at 1. */
function tables4(reader: Reader): { directories: string[]; files: (Entry | undefined)[] } {
  const directories = [''];
  for (let name = reader.text(); name !== ''; name = reader.text()) directories.push(name);
  const files: (Entry | undefined)[] = [undefined];
  for (let path = reader.text(); path !== ''; path = reader.text()) {
    files.push({ path, directory: Number(reader.uleb()) });
    reader.uleb(); // time
    reader.uleb(); // length
  }
  return { directories, files };
}

function joined({ path, directory }: Entry, directories: readonly string[]): string {
  const folder = directories[directory] ?? '';
  return path.startsWith('/') || folder === '' ? path : `${folder}/${path}`;
}

/** Reads one unit; undefined for a version that is not known. Throws ELF_TRUNCATED. */
export function readHeader(unit: Reader, strings: StringSections): LineHeader | undefined {
  const version = unit.u16();
  if (version < 2 || version > 5) return undefined;
  if (version === 5) {
    const [size, segment] = [unit.u8(), unit.u8()];
    if (size !== 8 || segment !== 0) throw refuse('address size', size);
  }
  const rest = unit.part(unit.u32());
  const minimum = BigInt(rest.u8());
  const perInstruction = version >= 4 ? rest.u8() : 1;
  rest.u8(); // default_is_stmt
  const base = (rest.u8() << 24) >> 24;
  const range = rest.u8();
  const opcodeBase = rest.u8();
  if (range === 0 || opcodeBase === 0) throw refuse('line_range or opcode_base', range);
  if (perInstruction !== 1) throw refuse('maximum_operations_per_instruction', perInstruction);
  const operands = Array.from({ length: opcodeBase - 1 }, () => rest.u8());
  let files: (string | undefined)[];
  if (version === 5) {
    const directories = table5(rest, strings).map(({ path }) => path);
    files = table5(rest, strings).map((entry) => joined(entry, directories));
  } else {
    const { directories, files: entries } = tables4(rest);
    files = entries.map((entry) => (entry === undefined ? undefined : joined(entry, directories)));
  }
  return { version, minimum, perInstruction, base, range, opcodeBase, operands, files, program: unit };
}
