// SPDX-License-Identifier: Apache-2.0
import { readElf } from '@motte/elf/read';
import { symbolIndex } from '@motte/elf/symbols';
import type { SymbolIndex } from '@motte/elf/symbols';
import type { Elf } from '@motte/elf/types';
import type { ByteSource } from '@motte/binary/source';

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
}

export function programOf(source: ByteSource, name: string, bias: bigint): Program {
  const elf = readElf(source);
  try {
    return { elf, name, bias, symbols: symbolIndex(elf) };
  } catch {
    return { elf, name, bias, symbols: NONE };
  }
}

/** `crc32+0x1f (/exec)`, or the offset within the program where no symbol covers an address. */
export function placeText({ symbols, name, bias }: Program, address: bigint): string {
  const offset = address - bias;
  return `${symbols.describe(offset) ?? `0x${offset.toString(16)}`} (${name})`;
}
