// SPDX-License-Identifier: Apache-2.0

/** CPUID 1 EAX of an AMD CPU. AMD 24594 rev 3.36, CPUID Fn0000_0001_EAX. */
export function cpuSignature(family: number, model: number, stepping: number): number {
  const [base, extended] = family > 0xf ? [0xf, family - 0xf] : [family, 0];
  return (extended << 20) | ((model >> 4) << 16) | (base << 8) | ((model & 0xf) << 4) | stepping;
}

const NAPLES: number = cpuSignature(23, 1, 2);
const ROME: number = cpuSignature(23, 49, 0);
const MILAN: number = cpuSignature(25, 1, 1);
const GENOA: number = cpuSignature(25, 17, 0);
const TURIN: number = cpuSignature(26, 0, 0);

/** Signatures of QEMU's CPU models. QEMU 9, target/i386/cpu.c. */
export const CPU_TYPES: Readonly<Record<string, number>> = {
  EPYC: NAPLES,
  'EPYC-v1': NAPLES,
  'EPYC-v2': NAPLES,
  'EPYC-IBPB': NAPLES,
  'EPYC-v3': NAPLES,
  'EPYC-v4': NAPLES,
  'EPYC-Rome': ROME,
  'EPYC-Rome-v1': ROME,
  'EPYC-Rome-v2': ROME,
  'EPYC-Rome-v3': ROME,
  'EPYC-Milan': MILAN,
  'EPYC-Milan-v1': MILAN,
  'EPYC-Milan-v2': MILAN,
  'EPYC-Genoa': GENOA,
  'EPYC-Genoa-v1': GENOA,
  'EPYC-Turin': TURIN,
  'EPYC-Turin-v1': TURIN,
};
