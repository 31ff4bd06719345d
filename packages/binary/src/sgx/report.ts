// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const REPORTBODY_FIELDS = [
  { at: 0x000, name: 'cpusvn', type: 'bytes16' },
  { at: 0x010, name: 'miscselect', type: 'u32' },
  { at: 0x014, name: 'cet_attributes', type: 'u8' },
  { at: 0x015, name: 'reserved_015', type: 'bytes11' },
  { at: 0x020, name: 'isvextprodid', type: 'bytes16' },
  { at: 0x030, name: 'attributes', type: 'u64', doc: 'see ATTRIBUTES' },
  { at: 0x038, name: 'xfrm', type: 'u64' },
  { at: 0x040, name: 'mrenclave', type: 'bytes32' },
  { at: 0x060, name: 'reserved_060', type: 'bytes32' },
  { at: 0x080, name: 'mrsigner', type: 'bytes32' },
  { at: 0x0a0, name: 'reserved_0a0', type: 'bytes32' },
  { at: 0x0c0, name: 'configid', type: 'bytes64' },
  { at: 0x100, name: 'isvprodid', type: 'u16' },
  { at: 0x102, name: 'isvsvn', type: 'u16' },
  { at: 0x104, name: 'configsvn', type: 'u16' },
  { at: 0x106, name: 'reserved_106', type: 'bytes42' },
  { at: 0x130, name: 'isvfamilyid', type: 'bytes16' },
  { at: 0x140, name: 'reportdata', type: 'bytes64', doc: 'chosen by the enclave' },
] as const;

/** A REPORT without KEYID and MAC: what the MAC covers, and what a quote carries. */
export const REPORTBODY: Layout<typeof REPORTBODY_FIELDS> = layout(
  { name: 'REPORTBODY', size: 384, source: 'Intel SDM 332831 vol. 3D, table 38-21, Layout of REPORT' },
  REPORTBODY_FIELDS,
);

export const REPORT_FIELDS = [
  { at: 0x000, name: 'cpusvn', type: 'bytes16' },
  { at: 0x010, name: 'miscselect', type: 'u32' },
  { at: 0x014, name: 'cet_attributes', type: 'u8' },
  { at: 0x015, name: 'reserved_015', type: 'bytes11' },
  { at: 0x020, name: 'isvextprodid', type: 'bytes16' },
  { at: 0x030, name: 'attributes', type: 'u64', doc: 'see ATTRIBUTES' },
  { at: 0x038, name: 'xfrm', type: 'u64' },
  { at: 0x040, name: 'mrenclave', type: 'bytes32' },
  { at: 0x060, name: 'reserved_060', type: 'bytes32' },
  { at: 0x080, name: 'mrsigner', type: 'bytes32' },
  { at: 0x0a0, name: 'reserved_0a0', type: 'bytes32' },
  { at: 0x0c0, name: 'configid', type: 'bytes64' },
  { at: 0x100, name: 'isvprodid', type: 'u16' },
  { at: 0x102, name: 'isvsvn', type: 'u16' },
  { at: 0x104, name: 'configsvn', type: 'u16' },
  { at: 0x106, name: 'reserved_106', type: 'bytes42' },
  { at: 0x130, name: 'isvfamilyid', type: 'bytes16' },
  { at: 0x140, name: 'reportdata', type: 'bytes64', doc: 'chosen by the enclave' },
  { at: 0x180, name: 'keyid', type: 'bytes32', doc: 'wear-out protection of the report key' },
  { at: 0x1a0, name: 'mac', type: 'bytes16', doc: 'CMAC over REPORTBODY with the report key of the target' },
] as const;

/** What EREPORT writes; 512-byte aligned. */
export const REPORT: Layout<typeof REPORT_FIELDS> = layout(
  { name: 'REPORT', size: 432, source: 'Intel SDM 332831 vol. 3D, table 38-21, Layout of REPORT' },
  REPORT_FIELDS,
);
