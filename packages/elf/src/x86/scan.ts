// SPDX-License-Identifier: Apache-2.0
// The instructions of a program's code, one after the other from each place where code is known to begin.
import { readBytes } from '@motte/binary/source';
import { PF, SHF, SHN, SHT, STT } from '../constants.js';
import { loadSegments } from '../segments.js';
import { readSymbols, symbolIndex, symbolTable } from '../symbols.js';
import { decode } from './decode.js';
import type { Instruction } from './decode.js';
import { faultOf } from './enclave.js';
import type { Elf } from '../types.js';

/** A piece of code in the file. */
interface Code {
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
}

/** Sections of code; without any, what the program headers make executable. */
function codeOf(elf: Elf): Code[] {
  const executable = SHF.ALLOC | SHF.EXECINSTR;
  const sections = elf.sections.filter(
    ({ type, flags, size }) => type !== SHT.NOBITS && (flags & executable) === executable && size > 0,
  );
  if (sections.length > 0) return sections.map(({ addr, offset, size }) => ({ address: addr, offset, size }));
  return loadSegments(elf)
    .filter(({ flags, filesz }) => (flags & PF.X) !== 0 && filesz > 0)
    .map(({ vaddr, offset, filesz }) => ({ address: vaddr, offset, size: filesz }));
}

/** Where functions begin: whatever lies before, data too, the code there is read from its first byte. */
function starts(elf: Elf): ReadonlySet<bigint> {
  const table = symbolTable(elf);
  const found = new Set<bigint>();
  for (const { type, section, value } of table === undefined ? [] : readSymbols(elf, table))
    if ((type === STT.FUNC || type === STT.NOTYPE) && section !== SHN.UNDEF) found.add(value);
  return found;
}

/** Every instruction with its address. A byte that begins none is stepped over. */
export function* instructions(elf: Elf): Generator<readonly [address: bigint, instruction: Instruction]> {
  const known = starts(elf);
  for (const { address, offset, size } of codeOf(elf)) {
    const bytes = readBytes(elf.source, offset, size);
    for (let at = 0; at < size;) {
      const instruction = decode(bytes, at);
      let { length } = instruction;
      for (let inside = 1; inside < length; inside++)
        if (known.has(address + BigInt(at + inside))) length = inside;
      if (length === instruction.length && length > 0) yield [address + BigInt(at), instruction];
      at += Math.max(length, 1);
    }
  }
}

/** An instruction of a program that faults in an enclave. */
export interface Finding {
  readonly address: bigint;
  /** `name+0x10`; undefined where no symbol covers it. */
  readonly symbol: string | undefined;
  readonly name: string;
  /** Whether the shim does in its place what it does; else it is SIGILL. */
  readonly served: boolean;
}

/**
 * What of a program's code faults in an enclave of that version of SGX. Data between functions can look like such an
 * instruction, and code that a program makes while it runs is not seen: a list to look at, not a proof.
 */
export function faultingInstructions(elf: Elf, sgx: 1 | 2): Finding[] {
  const symbols = symbolIndex(elf);
  const found: Finding[] = [];
  for (const [address, instruction] of instructions(elf)) {
    const fault = faultOf(instruction, sgx);
    if (fault === undefined) continue;
    found.push({
      address,
      symbol: symbols.describe(address),
      name: fault.name,
      served: fault.served === true,
    });
  }
  return found;
}
