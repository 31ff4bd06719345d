// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const SECINFO_FIELDS = [
  { at: 0x000, name: 'flags', type: 'u64', doc: 'see SECINFO_FLAGS and PAGE_TYPE' },
  { at: 0x008, name: 'reserved_008', type: 'bytes56' },
] as const;

/** Security Information of a page; 64-byte aligned. */
export const SECINFO: Layout<typeof SECINFO_FIELDS> = layout(
  { name: 'SECINFO', size: 64, source: 'Intel SDM 332831 vol. 3D, table 38-15, Layout of SECINFO' },
  SECINFO_FIELDS,
);

/** SECINFO.FLAGS (table 38-16) bits 7:0; bits 15:8 are the page type. */
export const SECINFO_FLAGS = {
  R: 0x1n,
  W: 0x2n,
  X: 0x4n,
  PENDING: 0x8n,
  MODIFIED: 0x10n,
  /** A permission restriction (EMODPR) waits for EACCEPT. */
  PR: 0x20n,
} as const;

/** SECINFO.FLAGS.PAGE_TYPE (table 38-17), before it is shifted to bit 8. */
export const PAGE_TYPE = {
  SECS: 0,
  TCS: 1,
  REG: 2,
  VA: 3,
  TRIM: 4,
  SS_FIRST: 5,
  SS_REST: 6,
} as const;

/** Where PAGE_TYPE stands in SECINFO.FLAGS. */
export const PAGE_TYPE_SHIFT = 8;
