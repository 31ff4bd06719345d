// SPDX-License-Identifier: Apache-2.0
// What every VMM's vCPUs start with: an x86 CPU after reset (Intel SDM 325384 vol. 3A, table 10-1), as SVM
// wants it.
import type { VmsaState } from '@motte/plan/snp/vmsa';

/** Segments after reset: selector, attributes, limit. */
export const RESET_SEGMENTS: VmsaState['segments'] = {
  es: [0, 0x93, 0xffff],
  cs: [0xf000, 0x9b, 0xffff],
  ss: [0, 0x93, 0xffff],
  ds: [0, 0x93, 0xffff],
  fs: [0, 0x93, 0xffff],
  gs: [0, 0x93, 0xffff],
  gdtr: [0, 0, 0xffff],
  ldtr: [0, 0x82, 0xffff],
  idtr: [0, 0, 0xffff],
  tr: [0, 0x8b, 0xffff],
};

/** Registers after reset; EFER.SVME and CR4.MCE are KVM's. */
export const RESET_REGISTERS: Required<
  Pick<VmsaState['registers'], 'efer' | 'cr4' | 'cr0' | 'dr7' | 'dr6' | 'rflags' | 'g_pat' | 'xcr0'>
> = {
  efer: 0x1000n,
  cr4: 0x40n,
  cr0: 0x10n,
  dr7: 0x400n,
  dr6: 0xffff0ff0n,
  rflags: 0x2n,
  g_pat: 0x0007040600070406n,
  xcr0: 1n,
};
