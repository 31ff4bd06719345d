// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

/** Bytes of the SECS page, which the EPCM entries follow. */
export const EPC_ENTRIES_OFFSET = 0x1000;

/** Where this emulated CPU keeps in the SECS what EINIT takes from SIGSTRUCT and the manual gives no place. */
export const SECS_ISVFAMILYID_OFFSET = 0x110;
export const SECS_ISVEXTPRODID_OFFSET = 0x120;

/** EPCM_ENTRY.flags. */
export const EPCM_FLAGS = { VALID: 0x1, PENDING: 0x2, MODIFIED: 0x4, PR: 0x8, BLOCKED: 0x10 } as const;

export const EPCM_ENTRY_FIELDS = [
  { at: 0x0, name: 'type', type: 'u8', doc: 'PAGE_TYPE' },
  { at: 0x1, name: 'permissions', type: 'u8', doc: 'R 1, W 2, X 4; 0 for a TCS' },
  { at: 0x2, name: 'flags', type: 'u8', doc: 'EPCM_FLAGS' },
  { at: 0x3, name: 'limit', type: 'u8', doc: 'helper: most that the driver lets the host map it with' },
  { at: 0x4, name: 'mapped', type: 'u8', doc: 'helper: what the host maps it with' },
  { at: 0x5, name: 'reserved_005', type: 'bytes3' },
] as const;

/** What the emulated CPU and driver know of one page of the ELRANGE. */
export const EPCM_ENTRY: Layout<typeof EPCM_ENTRY_FIELDS> = layout(
  { name: 'EPCM_ENTRY', size: 8, source: 'Motte, docs/helper-protocol.md' },
  EPCM_ENTRY_FIELDS,
);
