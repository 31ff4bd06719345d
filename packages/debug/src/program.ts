// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { readElf } from '@motte/elf/read';
import { symbolIndex } from '@motte/elf/symbols';
import type { SymbolIndex } from '@motte/elf/symbols';
import type { Elf } from '@motte/elf/types';
import type { ByteSource } from '@motte/binary/source';
import { lineAt, readLines } from './lines/lines.js';
import type { LineRow } from './lines/lines.js';

const NONE: SymbolIndex = { describe: () => undefined };

/** The program of a Keep, where it lies there. */
export interface Program {
  readonly elf: Elf;
  /** As it is named to people. */
  readonly name: string;
  /** What is added to an address of the file. */
  readonly bias: bigint;
  /** Its symbols; none of a file whose table cannot be read: a program that runs may be told of less. */
  readonly symbols: SymbolIndex;
  /** Its lines; read when the first is asked for, and none where they cannot be. */
  readonly lines: () => readonly LineRow[];
}

function linesOf(elf: Elf): () => readonly LineRow[] {
  let rows: readonly LineRow[] | undefined;
  return () => {
    try {
      rows ??= readLines(elf);
    } catch (error) {
      if (!(error instanceof MotteError)) throw error;
      rows = [];
    }
    return rows;
  };
}

export function programOf(source: ByteSource, name: string, bias: bigint): Program {
  const elf = readElf(source);
  try {
    return { elf, name, bias, symbols: symbolIndex(elf), lines: linesOf(elf) };
  } catch {
    return { elf, name, bias, symbols: NONE, lines: linesOf(elf) };
  }
}

/** Whether a segment of the file has it. */
function covers({ elf }: Program, offset: bigint): boolean {
  return elf.segments.some(({ vaddr, memsz }) => offset >= vaddr && offset - vaddr < BigInt(memsz));
}

/**
 * `crc32+0x1f (/exec)`; the offset within the program where no symbol covers an address, `??` where the program is not.
 * `before`: what it is after, in bytes: a call can be the last instruction of its function.
 */
export function placeText(program: Program, address: bigint, before = 0n): string {
  const { symbols, name, bias } = program;
  const offset = address - bias;
  const found = /^(.*?)(?:\+0x([0-9a-f]+))?$/.exec(symbols.describe(offset - before) ?? '');
  if (found?.[1] === undefined || found[1] === '')
    return covers(program, offset) ? `0x${offset.toString(16)} (${name})` : '??';
  const apart = BigInt(`0x${found[2] ?? '0'}`) + before;
  return `${found[1]}${apart === 0n ? '' : `+0x${apart.toString(16)}`} (${name})`;
}

/** ` at /src/crc.c:31` of an address within an instruction; nothing where the file does not say. */
export function lineText({ lines, bias }: Program, within: bigint): string {
  const row = lineAt(lines(), within - bias);
  return row?.file === undefined ? '' : ` at ${row.file}:${row.line}`;
}
