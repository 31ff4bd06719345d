// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const XSAVE_LEGACY_FIELDS = [
  { at: 0x000, name: 'fcw', type: 'u16' },
  { at: 0x002, name: 'fsw', type: 'u16' },
  { at: 0x004, name: 'ftw', type: 'u8', doc: 'abridged' },
  { at: 0x005, name: 'reserved_005', type: 'u8' },
  { at: 0x006, name: 'fop', type: 'u16' },
  { at: 0x008, name: 'fip', type: 'u64' },
  { at: 0x010, name: 'fdp', type: 'u64' },
  { at: 0x018, name: 'mxcsr', type: 'u32' },
  { at: 0x01c, name: 'mxcsr_mask', type: 'u32' },
  { at: 0x020, name: 'st', type: 'bytes128', doc: 'eight registers of 16 bytes' },
  { at: 0x0a0, name: 'xmm', type: 'bytes256', doc: 'XMM0 to XMM15' },
  { at: 0x1a0, name: 'reserved_1a0', type: 'bytes48' },
  { at: 0x1d0, name: 'available', type: 'bytes48', doc: 'for software' },
] as const;

/** The first 512 bytes of an XSAVE area: x87 and SSE state, as of FXSAVE64. */
export const XSAVE_LEGACY: Layout<typeof XSAVE_LEGACY_FIELDS> = layout(
  { name: 'XSAVE_LEGACY', size: 512, source: 'Intel SDM 253665 vol. 1, Format of an FXSAVE Area' },
  XSAVE_LEGACY_FIELDS,
);

export const XSAVE_HEADER_FIELDS = [
  { at: 0x000, name: 'xstate_bv', type: 'u64', doc: 'state components in the area' },
  { at: 0x008, name: 'xcomp_bv', type: 'u64', doc: '0 in the standard format, which SGX uses' },
  { at: 0x010, name: 'reserved_010', type: 'bytes48' },
] as const;

/** Bytes 512 to 575 of an XSAVE area. */
export const XSAVE_HEADER: Layout<typeof XSAVE_HEADER_FIELDS> = layout(
  { name: 'XSAVE_HEADER', size: 64, source: 'Intel SDM 253665 vol. 1, XSAVE Header' },
  XSAVE_HEADER_FIELDS,
);

/** Bits of XCR0, XFRM and XSTATE_BV. */
export const XFRM = {
  X87: 0x1n,
  SSE: 0x2n,
  AVX: 0x4n,
  BNDREG: 0x8n,
  BNDCSR: 0x10n,
  OPMASK: 0x20n,
  ZMM_HI256: 0x40n,
  HI16_ZMM: 0x80n,
  PKRU: 0x200n,
  TILECFG: 0x20000n,
  TILEDATA: 0x40000n,
} as const;

/** Initial values that XRSTOR and FNINIT give. */
export const FPU_INIT = { FCW: 0x037f, MXCSR: 0x1f80 } as const;
