// SPDX-License-Identifier: Apache-2.0
// Which line of which file an address of a program is of, by .debug_line. DWARF 5, 6.2.5.
import { readBytes } from '@motte/binary/source';
import type { Elf } from '@motte/elf/types';
import { Reader } from '../unwind/reader.js';
import { readHeader } from './header.js';
import type { LineHeader, StringSections } from './header.js';

/** From its address up to the next row's. */
export interface LineRow {
  readonly address: bigint;
  /** Undefined after the end of a sequence. */
  readonly file: string | undefined;
  readonly line: number;
}

/** Largest section that is read. */
const MOST = 1 << 27;
/** Most rows of a program. */
const ROWS = 1 << 23;
const COMPRESSED = 0x800n;

const OPCODE = { COPY: 1, ADVANCE_PC: 2, ADVANCE_LINE: 3, SET_FILE: 4, CONST_ADD_PC: 8, FIXED_ADVANCE_PC: 9 };
const EXTENDED = { END_SEQUENCE: 1, SET_ADDRESS: 2 };

/** Runs the program of one unit; each opcode takes at least a byte, so it ends. */
function run(header: LineHeader, out: (row: LineRow) => void): void {
  const code = header.program;
  const fresh = (): { address: bigint; file: number; line: number } => ({ address: 0n, file: 1, line: 1 });
  let state = fresh();
  const emit = (): void => out({ address: state.address, file: header.files[state.file], line: state.line });
  const advance = (count: number): void => {
    state.address = BigInt.asUintN(64, state.address + BigInt(count) * header.minimum);
  };
  while (code.at < code.end) {
    const opcode = code.u8();
    if (opcode >= header.opcodeBase) {
      const special = opcode - header.opcodeBase;
      advance(Math.floor(special / header.range));
      state.line += header.base + (special % header.range);
      emit();
    } else if (opcode === 0) {
      const body = code.part(Number(code.uleb()));
      const kind = body.at < body.end ? body.u8() : 0;
      if (kind === EXTENDED.SET_ADDRESS) state.address = body.u64();
      else if (kind === EXTENDED.END_SEQUENCE) {
        out({ address: state.address, file: undefined, line: 0 });
        state = fresh();
      }
    } else if (opcode === OPCODE.COPY) emit();
    else if (opcode === OPCODE.ADVANCE_PC) advance(Number(code.uleb()));
    else if (opcode === OPCODE.ADVANCE_LINE) state.line += Number(code.sleb());
    else if (opcode === OPCODE.SET_FILE) state.file = Number(code.uleb());
    else if (opcode === OPCODE.CONST_ADD_PC) advance(Math.floor((255 - header.opcodeBase) / header.range));
    else if (opcode === OPCODE.FIXED_ADVANCE_PC)
      state.address = BigInt.asUintN(64, state.address + BigInt(code.u16()));
    else for (let i = header.operands[opcode - 1] ?? 0; i > 0; i--) code.uleb();
  }
}

function sectionBytes(elf: Elf, name: string): Uint8Array {
  const section = elf.sections.find((each) => each.name === name);
  const unread = section === undefined || section.size > MOST || (section.flags & COMPRESSED) !== 0n;
  return unread ? new Uint8Array(0) : readBytes(elf.source, section.offset, section.size);
}

/** A sequence at address 0 is of a function that the linker dropped. */
function kept(sequence: readonly LineRow[]): boolean {
  return sequence[0] !== undefined && sequence[0].address !== 0n;
}

/** All rows of a program, ascending; none where it has no .debug_line. Throws ELF_TRUNCATED. */
export function readLines(elf: Elf): LineRow[] {
  const bytes = sectionBytes(elf, '.debug_line');
  const strings: StringSections = {
    str: sectionBytes(elf, '.debug_str'),
    lineStr: sectionBytes(elf, '.debug_line_str'),
  };
  const reader = new Reader(bytes, 0n);
  const rows: LineRow[] = [];
  let sequence: LineRow[] = [];
  while (reader.at < reader.end && rows.length < ROWS) {
    const header = readHeader(reader.part(reader.u32()), strings);
    if (header === undefined) continue;
    run(header, (row) => {
      sequence.push(row);
      if (row.file !== undefined || row.line !== 0) return;
      if (kept(sequence)) for (const each of sequence) rows.push(each);
      sequence = [];
    });
    sequence = [];
  }
  // Where two have an address, an end comes before what starts there.
  return rows
    .map((row, order) => ({ row, order }))
    .sort((a, b) => compare(a.row, b.row) || a.order - b.order)
    .map(({ row }) => row);
}

function compare(a: LineRow, b: LineRow): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return Number(a.line !== 0) - Number(b.line !== 0);
}

/** The row that covers an address: the last at or before it. */
export function lineAt(rows: readonly LineRow[], address: bigint): LineRow | undefined {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as LineRow).address <= address) low = middle + 1;
    else high = middle;
  }
  const row = rows[low - 1];
  return row?.file === undefined ? undefined : row;
}
