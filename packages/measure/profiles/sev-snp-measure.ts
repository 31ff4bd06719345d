// SPDX-License-Identifier: Apache-2.0

/** What of virtee/sev-snp-measure is data: the release whose command line is understood, and its lists. */
export const SEV_SNP_MEASURE = {
  version: '0.0.13',
  source: 'virtee/sev-snp-measure 8f2b337, sevsnpmeasure/cli.py, vcpu_types.py, vmm_types.py',
  modes: ['sev', 'seves', 'snp', 'snp:ovmf-hash', 'snp:svsm'],
  /** Names of VMM_PROFILES; spelled as here, in upper or lower case. */
  vmmTypes: ['QEMU', 'ec2', 'gce'],
  /** Names of CPU_TYPES. */
  cpuTypes: [
    'EPYC',
    'EPYC-v1',
    'EPYC-v2',
    'EPYC-IBPB',
    'EPYC-v3',
    'EPYC-v4',
    'EPYC-Rome',
    'EPYC-Rome-v1',
    'EPYC-Rome-v2',
    'EPYC-Rome-v3',
    'EPYC-Milan',
    'EPYC-Milan-v1',
    'EPYC-Milan-v2',
    'EPYC-Genoa',
    'EPYC-Genoa-v1',
    'EPYC-Turin',
  ],
} as const;

/** What the tool calls a launch. */
export type SevMode = (typeof SEV_SNP_MEASURE.modes)[number];
