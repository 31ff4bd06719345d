// SPDX-License-Identifier: Apache-2.0
import type { VmmProfile } from '@motte/plan/snp/profile';
import { CPU_TYPES } from '../../profiles/cpu-types.js';
import { FEATURE_SETS } from '../../profiles/guest-features.js';
import { SEV_SNP_MEASURE } from '../../profiles/sev-snp-measure.js';
import { VMM_PROFILES } from '../../profiles/vmm.js';

/** What the values of the options may be. */
export interface SevDialect {
  readonly vmms: Readonly<Record<string, VmmProfile>>;
  /** CPUID 1 EAX by the name of a CPU model. */
  readonly cpuTypes: Readonly<Record<string, number>>;
  readonly featureSets: Readonly<Record<string, { readonly features: bigint }>>;
  /** Numbers are cut to what their field holds, and fewer vCPUs than one are none; otherwise they are refused. */
  readonly cuts: boolean;
}

function pick<T>(from: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}

/** The tool's own: its names, and no error where it makes none. */
export const TOOL_DIALECT: SevDialect = {
  vmms: pick(VMM_PROFILES, SEV_SNP_MEASURE.vmmTypes),
  cpuTypes: pick(CPU_TYPES, SEV_SNP_MEASURE.cpuTypes),
  featureSets: {},
  cuts: true,
};

const { SVSM: _, ...VMMS } = VMM_PROFILES;

/** Ours: every profile that there is, and what does not fit is an error. */
export const MOTTE_DIALECT: SevDialect = {
  vmms: VMMS,
  cpuTypes: CPU_TYPES,
  featureSets: FEATURE_SETS,
  cuts: false,
};
