// SPDX-License-Identifier: Apache-2.0
import type { KeepTee } from '@motte/plan/plan-keep';
import { KEEP_KVM } from '../profiles/keep.js';
import { newSha256 } from './hash.js';

/** What a Keep's plan depends on besides its files, by TEE. */
export const KEEP_TEES: Readonly<Record<KeepTee['tee'], KeepTee>> = {
  sgx: { tee: 'sgx' },
  kvm: { tee: 'kvm', sha256: newSha256 },
  snp: { tee: 'snp', ...KEEP_KVM },
};
