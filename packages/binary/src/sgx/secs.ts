// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const SECS_FIELDS = [
  { at: 0x000, name: 'size', type: 'u64', doc: 'bytes of ELRANGE, a power of two' },
  { at: 0x008, name: 'baseaddr', type: 'u64', doc: 'first address of ELRANGE, a multiple of SIZE' },
  { at: 0x010, name: 'ssaframesize', type: 'u32', doc: 'pages of one SSA frame' },
  { at: 0x014, name: 'miscselect', type: 'u32', doc: 'what AEX saves in the MISC region' },
  { at: 0x018, name: 'cet_leg_bitmap_offset', type: 'u64', doc: 'CET; zero without it' },
  { at: 0x020, name: 'cet_attributes', type: 'u8', doc: 'CET; zero without it' },
  { at: 0x021, name: 'reserved_021', type: 'bytes15' },
  { at: 0x030, name: 'attributes', type: 'u64', doc: 'ATTRIBUTES bits 63:0, see ATTRIBUTES' },
  { at: 0x038, name: 'xfrm', type: 'u64', doc: 'ATTRIBUTES bits 127:64, as XCR0' },
  { at: 0x040, name: 'mrenclave', type: 'bytes32', doc: 'written by the CPU' },
  { at: 0x060, name: 'reserved_060', type: 'bytes32' },
  { at: 0x080, name: 'mrsigner', type: 'bytes32', doc: 'written by EINIT' },
  { at: 0x0a0, name: 'reserved_0a0', type: 'bytes32' },
  { at: 0x0c0, name: 'configid', type: 'bytes64', doc: 'KSS: chosen by who launches, zero without it' },
  { at: 0x100, name: 'isvprodid', type: 'u16', doc: 'written by EINIT' },
  { at: 0x102, name: 'isvsvn', type: 'u16', doc: 'written by EINIT' },
  { at: 0x104, name: 'configsvn', type: 'u16', doc: 'KSS: as CONFIGID' },
  {
    at: 0x106,
    name: 'reserved_106',
    type: 'bytes3834',
    doc: 'zero at ECREATE; the CPU keeps EID, PAD, ISVEXTPRODID, ISVFAMILYID in here, each CPU where it likes',
  },
] as const;

/** SGX Enclave Control Structure: what ECREATE starts an enclave from; 4096-byte aligned. */
export const SECS: Layout<typeof SECS_FIELDS> = layout(
  { name: 'SECS', size: 4096, source: 'Intel SDM 332831 vol. 3D, table 38-2, Layout of SECS' },
  SECS_FIELDS,
);
