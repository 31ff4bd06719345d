// SPDX-License-Identifier: Apache-2.0

/** Bits of CR4 that a Keep asks for and can do without. AMD 24593 rev 3.42, 3.1.3. */
const BITS: readonly (readonly [bit: number, name: string])[] = [
  [11, 'UMIP'],
  [16, 'FSGSBASE'],
  [17, 'PCIDE'],
  [18, 'OSXSAVE'],
  [20, 'SMEP'],
  [21, 'SMAP'],
  [22, 'PKE'],
];

/** The names of the bits that are set. */
export function cr4Names(bits: number): string[] {
  return BITS.filter(([bit]) => ((bits >>> bit) & 1) === 1).map(([, name]) => name);
}
