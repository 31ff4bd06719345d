// SPDX-License-Identifier: Apache-2.0
import type { OptionName } from './options.js';

/** The options of sev-snp-measure, which `measure` takes in every of its modes; one without a meaning there has none. */
export const SEV_OPTIONS = [
  'ovmf',
  'vcpus',
  'vcpu-type',
  'vcpu-sig',
  'vcpu-family',
  'vcpu-model',
  'vcpu-stepping',
  'vmm-type',
  'guest-features',
  'kernel',
  'initrd',
  'append',
  'snp-ovmf-hash',
  'svsm',
  'vars-size',
  'vars-file',
  'dump-vmsa',
  'output-format',
  'verbose',
] as const;

/** What some of them mean to these commands alone. */
export const SEV_DOCS: Readonly<Partial<Record<OptionName, string>>> = {
  kernel: 'the kernel that the VMM boots, whose hash the firmware checks',
  initrd: 'its initial RAM disk (with --kernel)',
};
