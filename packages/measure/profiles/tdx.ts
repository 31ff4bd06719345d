// SPDX-License-Identifier: Apache-2.0
import type { TdxProfile } from '@motte/measure/tdx';

/** The order in which VMMs add and measure pages. */
export const TDX_PROFILES: Readonly<Record<'page' | 'two-pass' | 'gce-old', TdxProfile>> = {
  page: {
    name: 'page',
    source: 'QEMU 9 and later, KVM upstream (KVM_TDX_INIT_MEM_REGION); vectors tdx-mrtd, mrtd',
    order: 'page',
    extendAll: false,
  },
  'two-pass': {
    name: 'two-pass',
    source: 'QEMU 8 with the TDX series of 2023; vectors tdx-mrtd, mrtd_two_pass',
    order: 'two-pass',
    extendAll: false,
  },
  'gce-old': {
    name: 'gce-old',
    source: 'google/gce-tcb-verifier 74582c0, hypervisors that measure every section; no vector',
    order: 'page',
    extendAll: true,
  },
};
