// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const PAGEINFO_FIELDS = [
  { at: 0x000, name: 'linaddr', type: 'u64', doc: 'where in ELRANGE; 0 for ECREATE' },
  { at: 0x008, name: 'srcpge', type: 'u64', doc: 'address of the contents, page aligned' },
  { at: 0x010, name: 'secinfo', type: 'u64', doc: 'address of SECINFO or PCMD' },
  { at: 0x018, name: 'secs', type: 'u64', doc: 'address of the SECS in the EPC' },
] as const;

/** Page Information: the operand of EADD, EAUG, ELDU and EWB; 32-byte aligned. */
export const PAGEINFO: Layout<typeof PAGEINFO_FIELDS> = layout(
  { name: 'PAGEINFO', size: 32, source: 'Intel SDM 332831 vol. 3D, table 38-14, Layout of PAGEINFO' },
  PAGEINFO_FIELDS,
);
