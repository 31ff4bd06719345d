// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const SIGSTRUCT_FIELDS = [
  { at: 0x000, name: 'header', type: 'bytes12', doc: 'SIGSTRUCT_HEADER; the manual counts TYPE to it' },
  { at: 0x00c, name: 'type', type: 'u32', doc: 'zero; old Intel SDKs set bit 31 for debug' },
  { at: 0x010, name: 'vendor', type: 'u32', doc: '0x8086 for Intel, else 0' },
  { at: 0x014, name: 'date', type: 'u32', doc: '0xyyyymmdd' },
  { at: 0x018, name: 'header2', type: 'bytes16', doc: 'SIGSTRUCT_HEADER2' },
  { at: 0x028, name: 'swdefined', type: 'u32' },
  { at: 0x02c, name: 'reserved_02c', type: 'bytes84' },
  { at: 0x080, name: 'modulus', type: 'bytes384', doc: 'of the RSA key; MRSIGNER is its SHA-256' },
  { at: 0x200, name: 'exponent', type: 'u32', doc: '3' },
  { at: 0x204, name: 'signature', type: 'bytes384' },
  { at: 0x384, name: 'miscselect', type: 'u32' },
  { at: 0x388, name: 'miscmask', type: 'u32' },
  { at: 0x38c, name: 'cet_attributes', type: 'u8', doc: 'CET; zero in manuals before it' },
  { at: 0x38d, name: 'cet_attributes_mask', type: 'u8', doc: 'CET; zero in manuals before it' },
  { at: 0x38e, name: 'reserved_38e', type: 'u16' },
  { at: 0x390, name: 'isvfamilyid', type: 'bytes16' },
  { at: 0x3a0, name: 'attributes', type: 'u64', doc: 'see ATTRIBUTES' },
  { at: 0x3a8, name: 'xfrm', type: 'u64' },
  { at: 0x3b0, name: 'attributes_mask', type: 'u64', doc: 'bits of ATTRIBUTES that must be equal' },
  { at: 0x3b8, name: 'xfrm_mask', type: 'u64' },
  { at: 0x3c0, name: 'enclavehash', type: 'bytes32', doc: 'MRENCLAVE' },
  { at: 0x3e0, name: 'reserved_3e0', type: 'bytes16' },
  { at: 0x3f0, name: 'isvextprodid', type: 'bytes16' },
  { at: 0x400, name: 'isvprodid', type: 'u16' },
  { at: 0x402, name: 'isvsvn', type: 'u16' },
  { at: 0x404, name: 'reserved_404', type: 'bytes12' },
  { at: 0x410, name: 'q1', type: 'bytes384', doc: 'floor(s^2 / n)' },
  { at: 0x590, name: 'q2', type: 'bytes384', doc: 'floor((s^3 - q1 s n) / n)' },
] as const;

/** Enclave Signature Structure; 4096-byte aligned for EINIT. Signed are bytes 0x000-0x07f and 0x384-0x403; numbers are little-endian. */
export const SIGSTRUCT: Layout<typeof SIGSTRUCT_FIELDS> = layout(
  { name: 'SIGSTRUCT', size: 1808, source: 'Intel SDM 332831 vol. 3D, table 38-19, Layout of SIGSTRUCT' },
  SIGSTRUCT_FIELDS,
);

/** SIGSTRUCT.HEADER without its last four bytes, which are TYPE. */
export const SIGSTRUCT_HEADER = '06000000e100000000000100';

/** SIGSTRUCT.HEADER2. */
export const SIGSTRUCT_HEADER2 = '01010000600000006000000001000000';

/** SIGSTRUCT.EXPONENT. */
export const SIGSTRUCT_EXPONENT = 3;

/** The signed bytes: `[from, to)` twice. */
export const SIGSTRUCT_SIGNED = [
  [0x000, 0x080],
  [0x384, 0x404],
] as const;
