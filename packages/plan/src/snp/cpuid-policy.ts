// SPDX-License-Identifier: Apache-2.0
// What CPUID of an SEV-SNP Keep must say and may say. It is measured with the shim, the CPUID page is not
// (SECURITY.md, rule 5): a page without a required feature ends the Keep, and what is beyond the maximum is not shown.

/** EAX, EBX, ECX, EDX. */
export type CpuidWords = readonly [number, number, number, number];

export interface CpuidPolicyRow {
  readonly leaf: number;
  readonly subleaf: number;
  readonly required: CpuidWords;
  readonly maximum: CpuidWords;
  readonly doc: string;
}

const ALL = 0xffff_ffff;
const NONE: CpuidWords = [0, 0, 0, 0];
const ANY: CpuidWords = [ALL, ALL, ALL, ALL];

/** Leaves that are shown; another one reads as zeros. AMD 24594 rev 3.36, appendix E. Required is x86-64-v3, as in SGX. */
export const CPUID_POLICY: readonly CpuidPolicyRow[] = [
  { leaf: 0x0, subleaf: 0, required: NONE, maximum: ANY, doc: 'most leaf, vendor' },
  {
    leaf: 0x1,
    subleaf: 0,
    required: [0, 0, 0x46d8_2203, 0x0788_8111],
    maximum: [ALL, ALL, 0x76d8_3203, 0x1788_8111],
    doc: 'FPU TSC CX8 CMOV CLFSH MMX FXSR SSE SSE2, SSE3 PCLMUL SSSE3 CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE RDRAND; FMA AVX F16C, HTT',
  },
  { leaf: 0x4, subleaf: 0, required: NONE, maximum: ANY, doc: 'caches, as Intel tells them' },
  {
    leaf: 0x7,
    subleaf: 0,
    required: [0, 0x0010_0388, 0x4, 0],
    maximum: [0, 0xf1bf_03a8, 0x0000_5f46, 0x10],
    doc: 'BMI1 SMEP BMI2 ERMS SMAP, UMIP; AVX2 AVX-512 RDSEED ADX CLFLUSHOPT CLWB SHA, VAES VPCLMUL GFNI, FSRM',
  },
  { leaf: 0x8000_0000, subleaf: 0, required: NONE, maximum: ANY, doc: 'most extended leaf' },
  {
    leaf: 0x8000_0001,
    subleaf: 0,
    required: [0, 0, 0x21, 0x2010_0800],
    maximum: [ALL, 0, 0x1e1, 0x2c50_0800],
    doc: 'LAHF LZCNT, SYSCALL NX LM; SSE4A misaligned SSE PREFETCHW, MMXEXT 1G pages RDTSCP',
  },
  { leaf: 0x8000_0002, subleaf: 0, required: NONE, maximum: ANY, doc: 'name' },
  { leaf: 0x8000_0003, subleaf: 0, required: NONE, maximum: ANY, doc: 'name' },
  { leaf: 0x8000_0004, subleaf: 0, required: NONE, maximum: ANY, doc: 'name' },
  { leaf: 0x8000_0005, subleaf: 0, required: NONE, maximum: ANY, doc: 'L1' },
  { leaf: 0x8000_0006, subleaf: 0, required: NONE, maximum: ANY, doc: 'L2, L3' },
  { leaf: 0x8000_0008, subleaf: 0, required: NONE, maximum: [0xffff, 0, 0, 0], doc: 'sizes of addresses' },
  {
    leaf: 0x8000_001f,
    subleaf: 0,
    required: [0x1a, 0, 0, 0],
    maximum: NONE,
    doc: 'SEV SEV-ES SEV-SNP; not shown',
  },
];

export interface CpuidStateRow {
  readonly leaf: number;
  readonly required: CpuidWords;
  readonly maximum: CpuidWords;
  /** The component of XCR0 without which these bits are neither required nor shown. */
  readonly xcr0: number;
  readonly doc: string;
}

/** Features of subleaf 0 that need extended state. */
export const CPUID_STATE_POLICY: readonly CpuidStateRow[] = [
  {
    leaf: 0x1,
    required: [0, 0, 0x3000_1000, 0],
    maximum: [0, 0, 0x3000_1000, 0],
    xcr0: 0x4,
    doc: 'FMA AVX F16C',
  },
  {
    leaf: 0x7,
    required: [0, 0x20, 0, 0],
    maximum: [0, 0x20, 0x600, 0],
    xcr0: 0x4,
    doc: 'AVX2; VAES VPCLMUL',
  },
  {
    leaf: 0x7,
    required: [0, 0x1_0000, 0, 0],
    maximum: [0, 0xd023_0000, 0x5842, 0],
    xcr0: 0x80,
    doc: 'AVX512F; DQ IFMA CD BW VL, VBMI VBMI2 VNNI BITALG VPOPCNTDQ',
  },
];

/** Leaf Dh: where XSAVE's standard format has each component, the same on every processor so far. */
export const CPUID_XSAVE_POLICY = [
  { component: 2, size: 256, offset: 576, doc: 'AVX' },
  { component: 5, size: 64, offset: 1088, doc: 'AVX-512 k0 to k7' },
  { component: 6, size: 512, offset: 1152, doc: 'AVX-512 upper halves' },
  { component: 7, size: 1024, offset: 1664, doc: 'AVX-512 zmm16 to zmm31' },
] as const;
