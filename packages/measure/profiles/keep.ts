// SPDX-License-Identifier: Apache-2.0
import type { VcpuAdditions } from '@motte/plan/vm/vcpu-state';
import { FEATURE_SETS } from './guest-features.js';
import { RESET_REGISTERS } from './registers.js';

/** What a hypervisor adds to the vCPUs of a VM-based Keep, and where its memory encryption bit is. */
export interface KeepHypervisor {
  /** What a Keep image calls it. */
  readonly name: string;
  readonly additions: VcpuAdditions;
  /** The C-bit, which every processor with SEV-SNP has at the same place. */
  readonly cBit: bigint;
}

const { dr6, dr7, g_pat } = RESET_REGISTERS;

/** KVM: the VMSA is its own view of a vCPU, and what user space has not set is as after reset. */
export const KEEP_KVM: KeepHypervisor = {
  name: 'kvm',
  additions: {
    source:
      'Linux 6.11 and later, arch/x86/kvm/svm: svm_set_efer, svm_set_cr4, sev_es_sync_vmsa; the same additions as of the ' +
      'profile QEMU, which hardware has confirmed (vectors snp-vmsa, snp-hw-launch); no vector of a Keep',
    efer: 0x1000n,
    cr4: 0x40n,
    registers: { dr6, dr7, g_pat, mxcsr: 0x1f80, x87_fcw: 0x37f },
    features: FEATURE_SETS.kvm.features,
  },
  // CPUID 8000001Fh EBX[5:0] of EPYC 7003 to 9005. A machine that has it elsewhere is refused when a Keep is loaded.
  cBit: 0x0008_0000_0000_0000n,
};
