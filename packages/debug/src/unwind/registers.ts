// SPDX-License-Identifier: Apache-2.0

/** Registers by their DWARF number (System V ABI for x86-64, figure 3.36); one that is not known is not there. */
export type Registers = ReadonlyMap<number, bigint>;

export const DWARF = [
  'rax',
  'rdx',
  'rcx',
  'rbx',
  'rsi',
  'rdi',
  'rbp',
  'rsp',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
  'rip',
] as const;
export type RegisterName = (typeof DWARF)[number];

export const RBP = 6;
export const RSP = 7;
export const RIP = 16;

/** By number, of what is known by name. */
export function registersOf(named: Readonly<Partial<Record<RegisterName, bigint>>>): Map<number, bigint> {
  return new Map(
    DWARF.flatMap((name, number) => {
      const value = named[name];
      return value === undefined ? [] : [[number, value] as const];
    }),
  );
}
