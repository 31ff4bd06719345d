// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const TARGETINFO_FIELDS = [
  { at: 0x000, name: 'measurement', type: 'bytes32', doc: 'MRENCLAVE of the target' },
  { at: 0x020, name: 'attributes', type: 'u64', doc: 'see ATTRIBUTES' },
  { at: 0x028, name: 'xfrm', type: 'u64' },
  { at: 0x030, name: 'cet_attributes', type: 'u8' },
  { at: 0x031, name: 'reserved_031', type: 'u8' },
  { at: 0x032, name: 'configsvn', type: 'u16' },
  { at: 0x034, name: 'miscselect', type: 'u32' },
  { at: 0x038, name: 'reserved_038', type: 'bytes8' },
  { at: 0x040, name: 'configid', type: 'bytes64' },
  { at: 0x080, name: 'reserved_080', type: 'bytes384' },
] as const;

/** For which enclave EREPORT makes a report; 512-byte aligned. */
export const TARGETINFO: Layout<typeof TARGETINFO_FIELDS> = layout(
  { name: 'TARGETINFO', size: 512, source: 'Intel SDM 332831 vol. 3D, table 38-22, Layout of TARGETINFO' },
  TARGETINFO_FIELDS,
);
