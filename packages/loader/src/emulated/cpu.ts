// SPDX-License-Identifier: Apache-2.0
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import { XFRM } from '@motte/binary/sgx/xsave';
import { MotteError } from '@motte/binary/error';
import type { ErrorDetails } from '@motte/binary/error';

/** What a CPU's SGX can do, as CPUID leaf 12H tells it. */
export interface SgxCpu {
  /** Bits of ATTRIBUTES[63:0] that ECREATE takes. */
  readonly attributes: bigint;
  readonly xfrm: bigint;
  readonly miscselect: number;
  /** log2 of the largest ELRANGE in 64-bit mode. */
  readonly maxSizeLog2: number;
}

/**
 * The CPU that emulation plays, the same on every machine: SGX2 with KSS and flexible launch control, MISC
 * EXINFO, AVX-512. PROVISIONKEY and EINITTOKENKEY are not among its attributes (SECURITY.md, rule 5).
 */
export const EMULATED_CPU: SgxCpu = {
  attributes: ATTRIBUTES.DEBUG | ATTRIBUTES.MODE64BIT | ATTRIBUTES.KSS,
  xfrm: XFRM.X87 | XFRM.SSE | XFRM.AVX | XFRM.OPMASK | XFRM.ZMM_HI256 | XFRM.HI16_ZMM,
  miscselect: 1,
  maxSizeLog2: 46,
};

/** The general protection fault of an instruction, with the rule that was broken. */
export function gp(instruction: string, field: string, details: Omit<ErrorDetails, 'field'>): MotteError {
  return new MotteError('SGX_GP', { ...details, field: `${instruction} ${field}` });
}

/** Why XCR0, and so XFRM, cannot have this value; `undefined` when it can. */
export function xfrmFault(xfrm: bigint, permitted: bigint): string | undefined {
  const has = (bits: bigint): boolean => (xfrm & bits) === bits;
  const any = (bits: bigint): boolean => (xfrm & bits) !== 0n;
  const avx512 = XFRM.OPMASK | XFRM.ZMM_HI256 | XFRM.HI16_ZMM;
  const bound = XFRM.BNDREG | XFRM.BNDCSR;
  const tile = XFRM.TILECFG | XFRM.TILEDATA;
  if (!has(XFRM.X87 | XFRM.SSE)) return 'x87 and SSE (bits 0 and 1)';
  if ((xfrm & ~permitted) !== 0n) return `bits of 0x${permitted.toString(16)} only`;
  if (any(avx512) && !(has(avx512) && has(XFRM.AVX))) return 'all of AVX and AVX-512, or no AVX-512';
  if (any(bound) && !has(bound)) return 'both MPX bits or neither';
  if (any(tile) && !has(tile)) return 'both AMX bits or neither';
  return undefined;
}
