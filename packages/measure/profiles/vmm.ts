// SPDX-License-Identifier: Apache-2.0
import { SEV_SECTION } from '@motte/plan/firmware/sev-metadata';
import type { VmmProfile } from '@motte/plan/snp/profile';
import { RESET_REGISTERS, RESET_SEGMENTS } from './registers.js';

const SECTIONS: VmmProfile['sections'] = {
  [SEV_SECTION.MEMORY]: 'zero',
  [SEV_SECTION.SECRETS]: 'secrets',
  [SEV_SECTION.CPUID]: 'cpuid',
  [SEV_SECTION.SVSM_CALLING_AREA]: 'zero',
  [SEV_SECTION.KERNEL_HASHES]: 'zero',
};

const QEMU_STATE: VmmProfile['firstVcpu'] = {
  entry: 'real',
  segments: RESET_SEGMENTS,
  registers: { ...RESET_REGISTERS, mxcsr: 0x1f80, x87_fcw: 0x37f },
};

/** QEMU on a host whose KVM puts the FPU's state after reset into the VMSA. */
const QEMU: VmmProfile = {
  name: 'QEMU',
  source:
    'Linux 6.10 and later, as virtee/sev-snp-measure 8f2b337 has it (ae95e59 added MXCSR and x87_FCW); ' +
    'vectors snp-vmsa, snp-hw-launch (secretvm-genoa)',
  firstVcpu: QEMU_STATE,
  otherVcpus: QEMU_STATE,
  signatureInRdx: true,
  sections: SECTIONS,
  kernelHashes: 'section',
  cpuidLast: false,
};

const QEMU_STATE_BEFORE: VmmProfile['firstVcpu'] = {
  entry: 'real',
  segments: RESET_SEGMENTS,
  registers: RESET_REGISTERS,
};

/** QEMU on a host whose KVM left the FPU's registers zero. */
const QEMU_BEFORE: VmmProfile = {
  ...QEMU,
  name: 'QEMU-linux-6.9',
  source:
    'Linux 6.9 and before, and AMD’s SNP hosts of that time, as virtee/sev-snp-measure had it until 0.0.9 ' +
    '(the parent of ae95e59); no vector',
  firstVcpu: QEMU_STATE_BEFORE,
  otherVcpus: QEMU_STATE_BEFORE,
};

const { [SEV_SECTION.KERNEL_HASHES]: _, ...SECTIONS_2022 } = SECTIONS;

/** QEMU with AMD's patches of before March 2023, for firmware that does not list the page of hashes. */
const QEMU_2022: VmmProfile = {
  ...QEMU_BEFORE,
  name: 'QEMU-snp-2022',
  source:
    'AMD’s QEMU before the patches of March 2023, as virtee/sev-snp-measure had it until 0.0.4 (the parent of ' +
    'f15cdf7); vector: what 0.0.4 answers, in packages/measure/test/snp.test.ts',
  sections: SECTIONS_2022,
  kernelHashes: 'first',
};

const FLAT_DATA = [16, 0xc93, 0xffffffff] as const;

const SVSM_STATE: VmmProfile['firstVcpu'] = {
  entry: 'flat',
  segments: {
    ...RESET_SEGMENTS,
    cs: [8, 0xc9b, 0xffffffff],
    es: FLAT_DATA,
    ss: FLAT_DATA,
    ds: FLAT_DATA,
    fs: FLAT_DATA,
  },
  // Protected mode, and no x87 control word.
  registers: { ...RESET_REGISTERS, cr0: 0x11n, mxcsr: 0x1f80 },
};

/** QEMU with an SVSM, whose vCPUs all start in it, in 32-bit protected mode. */
const SVSM: VmmProfile = {
  ...QEMU,
  name: 'SVSM',
  source: 'virtee/sev-snp-measure 8f2b337; vectors snp-hw-launch (coconut-svsm)',
  firstVcpu: SVSM_STATE,
  otherVcpus: SVSM_STATE,
};

/**
 * RDX of a CPU after reset where the VMM does not put the signature there: family 6, no model, no stepping.
 */
const RDX_AFTER_RESET = 0x600n;

const EC2_SEGMENTS: VmmProfile['firstVcpu']['segments'] = {
  ...RESET_SEGMENTS,
  ss: [0, 0x92, 0xffff],
  tr: [0, 0x83, 0xffff],
};

/** Amazon EC2. */
const EC2: VmmProfile = {
  name: 'ec2',
  source: 'virtee/sev-snp-measure 4a02bf0 and later; vectors snp-hw-launch (ec2-rdx-conflict)',
  firstVcpu: {
    entry: 'real',
    segments: { ...EC2_SEGMENTS, cs: [0xf000, 0x9a, 0xffff] },
    registers: { ...RESET_REGISTERS, rdx: RDX_AFTER_RESET },
  },
  otherVcpus: {
    entry: 'real',
    segments: EC2_SEGMENTS,
    registers: { ...RESET_REGISTERS, rdx: RDX_AFTER_RESET },
  },
  signatureInRdx: false,
  sections: SECTIONS,
  kernelHashes: 'section',
  cpuidLast: true,
};

const GCE_STATE: VmmProfile['firstVcpu'] = {
  entry: 'real',
  segments: RESET_SEGMENTS,
  registers: { ...RESET_REGISTERS, rdx: RDX_AFTER_RESET, g_pat: 0x0000000000070106n },
};

/** Google Compute Engine. */
const GCE: VmmProfile = {
  name: 'gce',
  source: 'google/gce-tcb-verifier 74582c0; vectors snp-vmsa, tdx-mrtd (gce-clean-example)',
  firstVcpu: GCE_STATE,
  otherVcpus: GCE_STATE,
  signatureInRdx: false,
  sections: { ...SECTIONS, [SEV_SECTION.MEMORY]: 'unmeasured' },
  kernelHashes: 'section',
  cpuidLast: false,
};

/** Names of VMMs and, where their host matters, of its version. */
export type VmmName = 'QEMU' | 'QEMU-linux-6.9' | 'QEMU-snp-2022' | 'SVSM' | 'ec2' | 'gce';

/** What VMMs do in their own way, by the names that sev-snp-measure gives them, where it knows them. */
export const VMM_PROFILES: Readonly<Record<VmmName, VmmProfile>> = {
  QEMU,
  'QEMU-linux-6.9': QEMU_BEFORE,
  'QEMU-snp-2022': QEMU_2022,
  SVSM,
  ec2: EC2,
  gce: GCE,
};
