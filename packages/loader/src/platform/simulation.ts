// SPDX-License-Identifier: Apache-2.0
import type { KvmPlatform } from './kvm.js';
import type { Problem } from './sgx.js';

/**
 * What keeps a simulated SEV-SNP from running on this KVM; empty when one can. A KVM in software lacks what the shim insists on
 * in this mode (docs/vm-keep.md, "Order of the start").
 */
export function simulationProblems(kvm: Pick<KvmPlatform, 'pvm' | 'problems'>): readonly Problem[] {
  if (!kvm.pvm) return kvm.problems;
  return [
    ...kvm.problems,
    {
      what: 'this KVM is in software (PVM) and has no SMEP, SMAP and OSXSAVE, which a simulated SEV-SNP needs',
      fix: 'use a KVM of hardware, or an interpreted machine (scripts/tcg of the clone)',
    },
  ];
}
