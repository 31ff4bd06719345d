// SPDX-License-Identifier: Apache-2.0

/** Bits of SEV_FEATURES, which every VMSA of an SNP guest carries. AMD 24593 rev 3.42, table B-4, offset 3B0h. */
export const SEV_FEATURE_BITS = {
  snp_active: 0,
  v_tom: 1,
  reflect_vc: 2,
  restricted_injection: 3,
  alternate_injection: 4,
  debug_swap: 5,
  prevent_host_ibs: 6,
  btb_isolation: 7,
  vmpl_sss: 8,
  secure_tsc: 9,
  vmgexit_parameter: 10,
  ibs_virtualization: 12,
  vmsa_reg_prot: 14,
  smt_protection: 15,
} as const;

/** A set of guest features that some host gives by itself. */
export interface FeatureSet {
  readonly features: bigint;
  /** Where this is known from, and the vectors that show it. */
  readonly source: string;
}

function features(...names: readonly (keyof typeof SEV_FEATURE_BITS)[]): bigint {
  return names.reduce((sum, name) => sum | (1n << BigInt(SEV_FEATURE_BITS[name])), 0n);
}

/** What KVM sets without being asked, by its version; `--guest-features` takes these names. */
export const FEATURE_SETS: Readonly<
  Record<'kvm' | 'kvm-6.6' | 'kvm-debug-swap' | 'kvm-secure-tsc', FeatureSet>
> = {
  kvm: {
    features: features('snp_active'),
    source:
      'Linux before 6.6, and from 6.8 on (commit 5abf6dceb066 takes debug_swap out of the default); ' +
      'vectors snp-launch-ovmf (0x1), snp-hw-launch (secretvm-genoa)',
  },
  'kvm-6.6': {
    features: features('snp_active', 'debug_swap'),
    source:
      'Linux 6.6 and 6.7, whose module parameter debug_swap is on (commit d1f85fbe836e); ' +
      'AMDESE/AMDSEV issue 195; vectors snp-launch-ovmf (0x21)',
  },
  'kvm-debug-swap': {
    features: features('snp_active', 'debug_swap'),
    source:
      'any Linux since 6.6 where the VMM or the administrator asks for it; vectors snp-launch-ovmf (0x21)',
  },
  'kvm-secure-tsc': {
    features: features('snp_active', 'secure_tsc'),
    source: 'AMD 24593 rev 3.42, table B-4, bit 9, where the VMM asks for a secure TSC; no vector',
  },
};
