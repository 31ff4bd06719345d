// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const KEYREQUEST_FIELDS = [
  { at: 0x000, name: 'keyname', type: 'u16', doc: 'see KEYNAME' },
  { at: 0x002, name: 'keypolicy', type: 'u16', doc: 'see KEYPOLICY' },
  { at: 0x004, name: 'isvsvn', type: 'u16' },
  { at: 0x006, name: 'cet_attributes_mask', type: 'u8' },
  { at: 0x007, name: 'reserved_007', type: 'u8' },
  { at: 0x008, name: 'cpusvn', type: 'bytes16' },
  { at: 0x018, name: 'attributes_mask', type: 'u64', doc: 'bits of ATTRIBUTES that the key depends on' },
  { at: 0x020, name: 'xfrm_mask', type: 'u64' },
  { at: 0x028, name: 'keyid', type: 'bytes32' },
  { at: 0x048, name: 'miscmask', type: 'u32' },
  { at: 0x04c, name: 'configsvn', type: 'u16' },
  { at: 0x04e, name: 'reserved_04e', type: 'bytes434' },
] as const;

/** What EGETKEY derives a key from; 512-byte aligned. */
export const KEYREQUEST: Layout<typeof KEYREQUEST_FIELDS> = layout(
  { name: 'KEYREQUEST', size: 512, source: 'Intel SDM 332831 vol. 3D, table 38-23, Layout of KEYREQUEST' },
  KEYREQUEST_FIELDS,
);

/** KEYREQUEST.KEYNAME (table 38-24). */
export const KEYNAME = {
  EINITTOKEN: 0,
  PROVISION: 1,
  PROVISION_SEAL: 2,
  REPORT: 3,
  SEAL: 4,
} as const;

/** KEYREQUEST.KEYPOLICY (table 38-25; from NOISVPRODID on, KSS). */
export const KEYPOLICY = {
  MRENCLAVE: 0x1,
  MRSIGNER: 0x2,
  NOISVPRODID: 0x4,
  CONFIGID: 0x8,
  ISVFAMILYID: 0x10,
  ISVEXTPRODID: 0x20,
} as const;
