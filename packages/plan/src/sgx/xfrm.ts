// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { EXINFO } from '@motte/binary/sgx/exinfo';
import { GPRSGX } from '@motte/binary/sgx/gprsgx';
import { XFRM, XSAVE_HEADER, XSAVE_LEGACY } from '@motte/binary/sgx/xsave';

/**
 * Where a state component ends in the standard format of XSAVE. Intel SDM 253665 vol. 1, 13.5; CPUID leaf
 * 0DH.
 */
const ENDS: readonly (readonly [bigint, number])[] = [
  [XFRM.AVX, 832],
  [XFRM.BNDREG, 1024],
  [XFRM.BNDCSR, 1088],
  [XFRM.OPMASK, 1152],
  [XFRM.ZMM_HI256, 1664],
  [XFRM.HI16_ZMM, 2688],
  [XFRM.PKRU, 2696],
  [XFRM.TILECFG, 2816],
  [XFRM.TILEDATA, 11008],
];

/** Bits that XSETBV, and so ECREATE, wants together. */
const GROUPS: readonly (readonly [string, bigint])[] = [
  ['x87 and SSE', XFRM.X87 | XFRM.SSE],
  ['the two of MPX', XFRM.BNDREG | XFRM.BNDCSR],
  ['the three of AVX-512', XFRM.OPMASK | XFRM.ZMM_HI256 | XFRM.HI16_ZMM],
  ['the two of AMX', XFRM.TILECFG | XFRM.TILEDATA],
];

/** Bytes of XSAVE state that an AEX saves for `xfrm`. */
export function xsaveSize(xfrm: bigint): number {
  const end = Math.max(0, ...ENDS.map(([bit, at]) => ((xfrm & bit) === 0n ? 0 : at)));
  return Math.max(XSAVE_LEGACY.size + XSAVE_HEADER.size, end);
}

/**
 * Refuses (PLAN_XFRM) what ECREATE refuses of XFRM, and state for which SSA frames of `framePages` pages are
 * too small.
 */
export function checkXfrm(xfrm: bigint, framePages: number): void {
  const bad = (expected: string): MotteError =>
    new MotteError('PLAN_XFRM', { field: 'xfrm', expected, found: xfrm });
  const known = ENDS.reduce((sum, [bit]) => sum | bit, XFRM.X87 | XFRM.SSE);
  if ((xfrm & ~known) !== 0n) throw bad(`no bits but 0x${known.toString(16)}`);
  if ((xfrm & (XFRM.X87 | XFRM.SSE)) === 0n) throw bad('x87 and SSE, which no Keep can do without');
  for (const [name, bits] of GROUPS) {
    const set = xfrm & bits;
    if (set !== 0n && set !== bits) throw bad(`${name} together (0x${bits.toString(16)})`);
  }
  if ((xfrm & XFRM.OPMASK) !== 0n && (xfrm & XFRM.AVX) === 0n) throw bad('AVX where there is AVX-512');
  const need = xsaveSize(xfrm) + EXINFO.size + GPRSGX.size;
  if (need > framePages * PAGE_SIZE)
    throw bad(`state of at most ${framePages * PAGE_SIZE} bytes, it takes ${need}`);
}
