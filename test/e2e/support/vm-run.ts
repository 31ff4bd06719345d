// SPDX-License-Identifier: Apache-2.0
// What run-in-vm.ts is asked for, and what it says.

export interface VmRun {
  /** The exec file. */
  readonly path: string;
  readonly args: readonly string[];
  /** Standard input, in base64. */
  readonly input: string;
  /** What Keep.toml says beside arguments and environment. */
  readonly keep: string;
  readonly seconds: number;
}

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
