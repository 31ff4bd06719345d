// SPDX-License-Identifier: Apache-2.0
import type { Platform, Problem } from '../platform.js';
import { SEV_DEVICE } from './launch.js';

const NEEDS: readonly {
  readonly met: (snp: Platform['snp']) => boolean;
  readonly what: string;
  readonly fix: string;
}[] = [
  {
    met: ({ cpu }) => cpu,
    what: 'the CPU has no SEV-SNP, or its firmware has it off',
    fix: 'use an AMD EPYC 7003 or later, and turn on SMEE, SEV-SNP and its memory coverage (RMP) in the BIOS',
  },
  {
    met: ({ enabled }) => enabled,
    what: 'kvm_amd makes no SEV-SNP guests (/sys/module/kvm_amd/parameters/sev_snp)',
    fix: 'use Linux 6.11 or later; sudo modprobe -r kvm_amd && sudo modprobe kvm_amd sev_snp=1',
  },
  {
    met: ({ device }) => device !== 'missing',
    what: `${SEV_DEVICE} is missing`,
    fix: 'sudo modprobe ccp; in a container: docker run --device /dev/sev',
  },
  {
    met: ({ device }) => device !== 'denied',
    what: `${SEV_DEVICE} may not be opened by this user`,
    fix: 'sudo setfacl -m "u:$USER:rw" /dev/sev',
  },
];

/** What keeps a Keep from being an SEV-SNP guest here, KVM itself apart. */
export function snpProblems({ snp }: Pick<Platform, 'snp'>): Problem[] {
  return NEEDS.filter(({ met }) => !met(snp)).map(({ what, fix }) => ({ what, fix }));
}
