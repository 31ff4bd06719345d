// SPDX-License-Identifier: Apache-2.0
import { CPUID_PAGE, CPUID_ROW } from '@motte/plan/snp/cpuid-page';
import { CPUID_POLICY, CPUID_STATE_POLICY, CPUID_XSAVE_POLICY } from '@motte/plan/snp/cpuid-policy';
import type { CpuidWords } from '@motte/plan/snp/cpuid-policy';
import { C_BIT } from './world.js';

/** A row of the CPUID page. */
export interface Row {
  readonly leaf: number;
  readonly subleaf: number;
  readonly words: CpuidWords;
  readonly reserved?: bigint;
}

const or = (a: CpuidWords, b: CpuidWords): CpuidWords =>
  [0, 1, 2, 3].map((i) => ((a[i] ?? 0) | (b[i] ?? 0)) >>> 0) as unknown as CpuidWords;

/** What a policy's row requires when XCR0 has everything. */
export function required(leaf: number): CpuidWords {
  const row = CPUID_POLICY.find((one) => one.leaf === leaf);
  return CPUID_STATE_POLICY.filter((one) => one.leaf === leaf).reduce(
    (sum, one) => or(sum, one.required),
    row?.required ?? [0, 0, 0, 0],
  );
}

/** The least that passes with AVX-512, but for `most`: then all bits that there are. */
export function goodRows(most = false): Row[] {
  const all: CpuidWords = [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff];
  return [
    ...CPUID_POLICY.map(({ leaf, subleaf }): Row => {
      const words = most ? all : required(leaf);
      const [eax, ebx, ecx, edx] = words;
      const cBit = ((ebx & ~0x3f) | C_BIT) >>> 0;
      return { leaf, subleaf, words: leaf === 0x8000_001f ? [eax, cBit, ecx, edx] : words };
    }),
    ...CPUID_XSAVE_POLICY.map(({ component, size, offset }): Row => ({
      leaf: 0xd,
      subleaf: component,
      words: [size, offset, 0, 0],
    })),
  ];
}

/** The CPUID page of these rows. */
export function cpuidPage(
  rows: readonly Row[],
  head: Parameters<typeof CPUID_PAGE.write>[0] = {},
): Uint8Array {
  const out = new Uint8Array(4096);
  out.set(CPUID_PAGE.write({ count: rows.length, ...head }));
  rows.forEach(({ leaf, subleaf, words: [eax, ebx, ecx, edx], reserved = 0n }, i) => {
    const at = CPUID_PAGE.size + i * CPUID_ROW.size;
    out.set(CPUID_ROW.write({ leaf, subleaf, eax, ebx, ecx, edx, reserved_028: reserved }), at);
  });
  return out;
}
