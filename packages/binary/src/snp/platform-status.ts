// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

/** Commands of SEV_ISSUE_CMD on /dev/sev. Linux 6.12, include/uapi/linux/psp-sev.h; Debian 12's headers end before SNP's. */
export const SEV_DEVICE_COMMAND = { PLATFORM_STATUS: 1, SNP_PLATFORM_STATUS: 9 } as const;

export const SEV_PLATFORM_STATUS_FIELDS = [
  { at: 0x0, name: 'api_major', type: 'u8' },
  { at: 0x1, name: 'api_minor', type: 'u8' },
  { at: 0x2, name: 'state', type: 'u8', doc: 'see PLATFORM_STATES' },
  { at: 0x3, name: 'flags', type: 'u32', doc: 'bit 8 SEV-ES' },
  { at: 0x7, name: 'build', type: 'u8' },
  { at: 0x8, name: 'guest_count', type: 'u32' },
] as const;

/** What firmware says of SEV and SEV-ES. */
export const SEV_PLATFORM_STATUS: Layout<typeof SEV_PLATFORM_STATUS_FIELDS> = layout(
  {
    name: 'SEV_PLATFORM_STATUS',
    size: 12,
    source: 'Linux 6.12, include/uapi/linux/psp-sev.h, sev_user_data_status',
  },
  SEV_PLATFORM_STATUS_FIELDS,
);

export const SNP_PLATFORM_STATUS_FIELDS = [
  { at: 0x00, name: 'api_major', type: 'u8' },
  { at: 0x01, name: 'api_minor', type: 'u8' },
  { at: 0x02, name: 'state', type: 'u8', doc: 'see PLATFORM_STATES' },
  { at: 0x03, name: 'rmp', type: 'u8', doc: 'bit 0 the RMP is initialised' },
  { at: 0x04, name: 'build', type: 'u32' },
  {
    at: 0x08,
    name: 'mask',
    type: 'u32',
    doc: 'bit 0 MASK_CHIP_ID, 1 MASK_CHIP_KEY, 2 VLEK_EN; others are newer',
  },
  { at: 0x0c, name: 'guest_count', type: 'u32' },
  { at: 0x10, name: 'current_tcb', type: 'u64' },
  { at: 0x18, name: 'reported_tcb', type: 'u64' },
] as const;

/** What firmware says of SEV-SNP. */
export const SNP_PLATFORM_STATUS: Layout<typeof SNP_PLATFORM_STATUS_FIELDS> = layout(
  {
    name: 'SNP_PLATFORM_STATUS',
    size: 32,
    source:
      'AMD 56860 rev 1.58, layout of STATUS; Linux 6.12, include/uapi/linux/psp-sev.h, sev_user_data_snp_status',
  },
  SNP_PLATFORM_STATUS_FIELDS,
);

/** `state` of both. AMD 56860 rev 1.58, platform state machine; AMD 55766 rev 3.24. */
export const PLATFORM_STATES = ['uninitialised', 'initialised', 'working'] as const;
