// SPDX-License-Identifier: Apache-2.0
// Which instructions a shim may have, by objdump's AT&T spelling.
import type { ShimConfig } from './config.js';
import { SGX_RULES } from './rules/sgx.js';
import { VM_RULES } from './rules/vm.js';

/** Why an instruction is refused. */
export interface Refusal {
  readonly mnemonics: RegExp;
  /** Only with these operands. */
  readonly operands?: RegExp;
  readonly why: string;
}

/** What the instructions of one TEE's shims are held against. */
export interface CodeRules {
  readonly refused: readonly Refusal[];
  /** What may touch extended state: saving it, restoring it, setting it as after reset. */
  readonly extended: ReadonlySet<string>;
  /** What is refused but in the page that ring 3 executes. */
  readonly user: ReadonlySet<string>;
  /** What is refused but in these symbols. */
  readonly within?: Readonly<Record<string, readonly string[]>>;
  /** Instructions that .motte.sites must list, and their SITE.kind. */
  readonly sites: Readonly<Record<string, number>>;
  /** Of what `motte lint` finds in a program, the names that no such shim has; undefined: none of them. */
  readonly found?: ReadonlySet<string>;
}

export const RULES: Readonly<Record<ShimConfig['tee'], CodeRules>> = { sgx: SGX_RULES, vm: VM_RULES };

/** x87, MMX and the MXCSR have mnemonics of their own; everything newer names its registers. */
export const EXTENDED_STATE: RegExp =
  /^(f[a-z0-9]+|emms|femms|vzeroupper|vzeroall|stmxcsr|ldmxcsr|fx(save|rstor)(64)?)$/;
export const EXTENDED_REGISTER: RegExp = /%(x|y|z|t)?mm\d|%st\b|%k[0-7]\b|%bnd[0-3]/;

/** Mnemonics of prefixes, which objdump writes before the instruction. */
export const PREFIXES: ReadonlySet<string> = new Set(
  'lock rep repz repnz repe repne data16 addr32 cs ds es fs gs ss notrack bnd xacquire xrelease rex rex.W rex.WB rex.B rex.R rex.X'.split(
    ' ',
  ),
);
