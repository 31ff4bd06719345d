// SPDX-License-Identifier: Apache-2.0
// What run-in-vm.ts is asked for, and what it says.

import type { Lie } from '@motte/loader/helper/start';

export interface VmRun {
  /** The exec file. */
  readonly path: string;
  readonly args: readonly string[];
  /** Standard input, in base64. */
  readonly input: string;
  /** What Keep.toml says beside arguments and environment. */
  readonly keep: string;
  readonly seconds: number;
  /** What a hostile host does; by default it is an honest one. */
  readonly lies?: readonly PlainLie[];
  /** The host's directory that is granted as /data, made with a file and a link in it, where settings grant it. */
  readonly data?: boolean;
}

/** A Lie as JSON has it: 64-bit numbers in decimal. */
export type PlainLie = Omit<Lie, 'value' | 'at'> & { readonly value: string; readonly at?: string };

export interface VmRan {
  readonly ended: string;
  readonly status: number | null;
  readonly cause: string | null;
  readonly reason: string | null;
  /** In base64. */
  readonly out: string;
  readonly err: string;
  readonly exits: readonly (readonly [reason: number, count: number])[];
}

/** What run-in-vm.ts printed, by index: a VmRan, or why there is none. */
export function readLines(stdout: Buffer): ReadonlyMap<number, VmLine> {
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as VmLine & { readonly index: number });
  return new Map(lines.map((line) => [line.index, line]));
}

export type VmLine = (VmRan & { readonly error?: undefined }) | { readonly error: string };
