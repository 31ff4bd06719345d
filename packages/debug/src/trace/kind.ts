// SPDX-License-Identifier: Apache-2.0
import type { ReadMemory } from '../memory.js';

/** A system call as it is printed: before it is made without a result. */
export interface Scene {
  readonly args: readonly bigint[];
  readonly result?: bigint;
  readonly memory: ReadMemory;
}

/** How an argument is printed. */
export interface Kind {
  /** The call fills it in: it is printed, with all that follow, when the call is done. */
  readonly out?: true;
  show(value: bigint, scene: Scene): string | Promise<string>;
}

export const i32 = (value: bigint): number => Number(BigInt.asIntN(32, value));
export const u32 = (value: bigint): number => Number(BigInt.asUintN(32, value));
/** The argument `index`, 0 where there is none. */
export const argOf = ({ args }: Scene, index: number): bigint => args[index] ?? 0n;
export const hex = (value: bigint | number): string =>
  value === 0n || value === 0 ? '0' : `0x${value.toString(16)}`;
export const pointer = (value: bigint): string => (value === 0n ? 'NULL' : `0x${value.toString(16)}`);
/** Whether the call has succeeded. */
export const succeeded = ({ result }: Scene): boolean =>
  result !== undefined && (result >= 0n || result < -4095n);

/** A kind that is what the call filled in; an address where it failed. */
export function filled(kind: Kind): Kind {
  return { out: true, show: (value, scene) => (succeeded(scene) ? kind.show(value, scene) : pointer(value)) };
}

export const INT: Kind = { show: (value) => String(i32(value)) };
export const UINT: Kind = { show: (value) => String(u32(value)) };
export const LONG: Kind = { show: (value) => String(BigInt.asIntN(64, value)) };
export const SIZE: Kind = { show: String };
export const HEX: Kind = { show: hex };
export const POINTER: Kind = { show: pointer };
export const MODE: Kind = { show: (value) => octal(u32(value)) };
export const FD: Kind = INT;
export const DIR_FD: Kind = { show: (value) => (i32(value) === -100 ? 'AT_FDCWD' : String(i32(value))) };

/** As strace prints a mode: three digits at least. */
export function octal(mode: number): string {
  return `0${mode
    .toString(8)
    .padStart(3, '0')
    .replace(/^0+(?=\d{3})/, '')}`;
}
