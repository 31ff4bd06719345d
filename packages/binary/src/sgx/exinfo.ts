// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const EXINFO_FIELDS = [
  { at: 0x000, name: 'maddr', type: 'u64', doc: '#PF: the address; #GP: 0' },
  { at: 0x008, name: 'errcd', type: 'u32', doc: 'the error code' },
  { at: 0x00c, name: 'reserved_00c', type: 'u32' },
] as const;

/** What AEX saves of a #PF or #GP below GPRSGX when MISCSELECT.EXINFO is set. */
export const EXINFO: Layout<typeof EXINFO_FIELDS> = layout(
  { name: 'EXINFO', size: 16, source: 'Intel SDM 332831 vol. 3D, table 38-12, Layout of EXINFO' },
  EXINFO_FIELDS,
);

/** SECS.MISCSELECT (table 38-4): what the MISC region of an SSA frame holds. */
export const MISCSELECT = {
  EXINFO: 0x1,
  CPINFO: 0x2,
} as const;

/** EXINFO.ERRCD (table 38-13) of a #PF, as any page-fault error code; SGX says that the EPCM refused the access. */
export const PF_ERROR = {
  P: 0x1,
  W: 0x2,
  U: 0x4,
  RSVD: 0x8,
  I: 0x10,
  PK: 0x20,
  SGX: 0x8000,
} as const;
