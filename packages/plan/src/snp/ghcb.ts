// SPDX-License-Identifier: Apache-2.0
// How an SEV-SNP guest and its host talk: the GHCB page and the GHCB MSR.
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

const SOURCE = 'AMD 56421 rev 2.02, SEV-ES Guest-Hypervisor Communication Block Standardization';

export const GHCB_FIELDS = [
  { at: 0x000, name: 'unused_000', type: 'bytes504', doc: 'of the VMSA, what no exit of a Keep needs' },
  { at: 0x1f8, name: 'rax', type: 'u64' },
  { at: 0x200, name: 'unused_200', type: 'bytes264' },
  { at: 0x308, name: 'rcx', type: 'u64' },
  { at: 0x310, name: 'rdx', type: 'u64' },
  { at: 0x318, name: 'unused_318', type: 'bytes120', doc: 'RBX and further registers' },
  { at: 0x390, name: 'sw_exitcode', type: 'u64' },
  { at: 0x398, name: 'sw_exitinfo1', type: 'u64', doc: 'host: 0, or what went wrong' },
  { at: 0x3a0, name: 'sw_exitinfo2', type: 'u64', doc: 'host: the result of some exits' },
  { at: 0x3a8, name: 'sw_scratch', type: 'u64', doc: 'guest physical address of more' },
  { at: 0x3b0, name: 'unused_3b0', type: 'bytes64', doc: 'XCR0 among it' },
  {
    at: 0x3f0,
    name: 'valid_low',
    type: 'u64',
    doc: 'a bit for each 8 bytes that mean something: 000h to 1ffh',
  },
  { at: 0x3f8, name: 'valid_high', type: 'u64', doc: '200h to 3efh' },
  { at: 0x400, name: 'unused_400', type: 'bytes1024' },
  { at: 0x800, name: 'shared_buffer', type: 'bytes2032' },
  { at: 0xff0, name: 'reserved_ff0', type: 'bytes10' },
  { at: 0xffa, name: 'protocol_version', type: 'u16' },
  { at: 0xffc, name: 'usage', type: 'u32', doc: '0: this layout' },
] as const;

/** The page that guest and host share, a vCPU each. */
export const GHCB: Layout<typeof GHCB_FIELDS> = layout(
  { name: 'GHCB', size: 0x1000, source: `${SOURCE}, GHCB layout` },
  GHCB_FIELDS,
);

/** MSRs of the guest. AMD 24593 rev 3.42, 15.34.10, 15.35.3. */
export const SEV_MSR = { GHCB: 0xc001_0130, SEV_STATUS: 0xc001_0131 } as const;

/** SEV_STATUS. AMD 24593 rev 3.42, 15.34.10. */
export const SEV_STATUS = { SEV: 0x1, SEV_ES: 0x2, SNP: 0x4 } as const;

/** The version that both sides must have. */
export const GHCB_VERSION = 2;

/** The low 12 bits of the MSR: requests, and their answers (GHCB MSR protocol). 0 is the address of a GHCB. */
export const GHCB_MSR = {
  SEV_INFO_ANSWER: 0x001,
  SEV_INFO: 0x002,
  REGISTER: 0x012,
  REGISTER_ANSWER: 0x013,
  FEATURES: 0x080,
  FEATURES_ANSWER: 0x081,
  TERMINATE: 0x100,
} as const;

/** Bits 15:12 of a termination: whose reasons bits 23:16 are from. Sets from 1 on are for vendors. */
export const GHCB_TERMINATE_SET = 0xd;

/** Bit 0 of the hypervisor's features, bits 63:12 of its answer (hypervisor features). */
export const GHCB_FEATURE_SNP = 0x1;

/** SW_EXITCODE of what a Keep asks for, and of what its ring 3 may run into (#VC): VMGEXIT events; AMD 24593 rev 3.42, appendix C. */
export const GHCB_EXIT = {
  RDTSC: 0x6e,
  CPUID: 0x72,
  IOIO: 0x7b,
  VMMCALL: 0x81,
  RDTSCP: 0x87,
  MONITOR: 0x8a,
  MWAIT: 0x8b,
  RDPRU: 0x8e,
  NOT_VALIDATED: 0x404,
  PAGE_STATE: 0x8000_0010,
  GUEST_REQUEST: 0x8000_0011,
} as const;

/** SW_EXITINFO1 of IOIO: OUT, 32 bits, 64-bit addresses; the port is in bits 31:16. AMD 24593 rev 3.42, 15.10.2, EXITINFO1 for IOIO. */
export const GHCB_IOIO = { OUT_32: 0x240, PORT_SHIFT: 16 } as const;

/** A page-state change, in the shared buffer: this header, then the entries (SNP page state change). */
export const PAGE_STATE_HEADER_FIELDS = [
  { at: 0x0, name: 'current', type: 'u16', doc: 'host: the first entry that is not done' },
  { at: 0x2, name: 'last', type: 'u16' },
  { at: 0x4, name: 'reserved_004', type: 'u32' },
] as const;

export const PAGE_STATE_HEADER: Layout<typeof PAGE_STATE_HEADER_FIELDS> = layout(
  { name: 'PAGE_STATE_HEADER', size: 8, source: `${SOURCE}, SNP page state change` },
  PAGE_STATE_HEADER_FIELDS,
);

/** An entry: bits 51:12 the page, 55:52 the operation, 56 whether it has 2 MiB. */
export const PAGE_STATE = {
  PRIVATE: 1,
  SHARED: 2,
  OPERATION_SHIFT: 52,
  LARGE_SHIFT: 56,
  ENTRIES: 253,
} as const;

/** SW_EXITINFO2's upper half when the host cannot ask the firmware right now (SNP guest request). */
export const GUEST_REQUEST_BUSY = 2;

/** What PVALIDATE says in EAX. AMD 24594 rev 3.36. */
export const PVALIDATE = { FAIL_INPUT: 1, FAIL_SIZEMISMATCH: 6 } as const;
