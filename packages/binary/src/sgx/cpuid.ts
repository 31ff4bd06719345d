// SPDX-License-Identifier: Apache-2.0

/** Where the CPU enumerates SGX. Intel SDM 325383 vol. 2A, CPUID; 332831 vol. 3D, CPUID leaf 12H. */
export const CPUID_SGX_LEAF = 0x12;

/** CPUID.(EAX=07H,ECX=0):EBX and ECX bits that concern SGX. */
export const CPUID_07 = { EBX_SGX: 0x4, ECX_SGX_LC: 0x40000000 } as const;

/** CPUID.(EAX=12H,ECX=0):EAX. */
export const CPUID_12_0_EAX = {
  SGX1: 0x1,
  SGX2: 0x2,
  /** ENCLV. */
  OVERSUB_ENCLV: 0x20,
  /** ETRACKC, ERDINFO, ELDBC, ELDUC. */
  OVERSUB_ENCLS: 0x40,
  EVERIFYREPORT2: 0x80,
  EUPDATESVN: 0x400,
  EDECCSSA: 0x800,
} as const;

/** CPUID.(EAX=12H,ECX=0):EDX: log2 of the largest ELRANGE. EBX is the supported MISCSELECT. */
export const CPUID_12_0_EDX = {
  MAX_SIZE_NOT64_SHIFT: 0,
  MAX_SIZE_64_SHIFT: 8,
  MAX_SIZE_MASK: 0xff,
} as const;

/** Sub-leaf 1: EAX, EBX, ECX, EDX are the permitted bits of ATTRIBUTES[31:0], [63:32], XFRM[31:0], [63:32]. */
export const CPUID_12_ATTRIBUTES_SUBLEAF = 1;

/** Sub-leaves from 2 on: one EPC section each. */
export const CPUID_12_EPC = {
  FIRST_SUBLEAF: 2,
  /** EAX bits 3:0: 0 ends the list, 1 a section. */
  TYPE_MASK: 0xf,
  TYPE_SECTION: 1,
  /** EAX and ECX bits 31:12 are the low bits of base and size; EBX and EDX bits 19:0 the high ones. */
  LOW_MASK: 0xfffff000,
  HIGH_MASK: 0xfffff,
  /** ECX bits 3:0: 1 is confidential and protected against replay, 2 confidential only. */
  PROPERTY_MASK: 0xf,
} as const;
