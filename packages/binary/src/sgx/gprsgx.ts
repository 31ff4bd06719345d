// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const GPRSGX_FIELDS = [
  { at: 0x000, name: 'rax', type: 'u64' },
  { at: 0x008, name: 'rcx', type: 'u64' },
  { at: 0x010, name: 'rdx', type: 'u64' },
  { at: 0x018, name: 'rbx', type: 'u64' },
  { at: 0x020, name: 'rsp', type: 'u64' },
  { at: 0x028, name: 'rbp', type: 'u64' },
  { at: 0x030, name: 'rsi', type: 'u64' },
  { at: 0x038, name: 'rdi', type: 'u64' },
  { at: 0x040, name: 'r8', type: 'u64' },
  { at: 0x048, name: 'r9', type: 'u64' },
  { at: 0x050, name: 'r10', type: 'u64' },
  { at: 0x058, name: 'r11', type: 'u64' },
  { at: 0x060, name: 'r12', type: 'u64' },
  { at: 0x068, name: 'r13', type: 'u64' },
  { at: 0x070, name: 'r14', type: 'u64' },
  { at: 0x078, name: 'r15', type: 'u64' },
  { at: 0x080, name: 'rflags', type: 'u64' },
  { at: 0x088, name: 'rip', type: 'u64' },
  { at: 0x090, name: 'ursp', type: 'u64', doc: 'RSP outside, restored by AEX' },
  { at: 0x098, name: 'urbp', type: 'u64', doc: 'RBP outside, restored by AEX' },
  { at: 0x0a0, name: 'exitinfo', type: 'u32', doc: 'see EXITINFO' },
  { at: 0x0a4, name: 'reserved_0a4', type: 'bytes3' },
  { at: 0x0a7, name: 'aexnotify', type: 'u8', doc: 'bit 0: ERESUME enters the handler instead' },
  { at: 0x0a8, name: 'fsbase', type: 'u64' },
  { at: 0x0b0, name: 'gsbase', type: 'u64' },
] as const;

/** The general registers that AEX saves: the last bytes of an SSA frame. */
export const GPRSGX: Layout<typeof GPRSGX_FIELDS> = layout(
  { name: 'GPRSGX', size: 184, source: 'Intel SDM 332831 vol. 3D, table 38-8, Layout of GPRSGX' },
  GPRSGX_FIELDS,
);

/** GPRSGX.EXITINFO (tables 38-9 and 38-10): why AEX happened, for the vectors that the CPU reports. */
export const EXITINFO = {
  /** Bits 7:0. */
  VECTOR_MASK: 0xff,
  /** Bits 10:8. */
  EXIT_TYPE_SHIFT: 8,
  EXIT_TYPE_MASK: 7,
  /** EXIT_TYPE of a hardware exception. */
  EXIT_TYPE_HARDWARE: 3,
  /** EXIT_TYPE of a software exception (INT3). */
  EXIT_TYPE_SOFTWARE: 6,
  /** Bit 31: the other fields hold; clear for interrupts and for exceptions that are not reported. */
  VALID: 0x80000000,
} as const;

/** Vectors that EXITINFO reports: the first group always, `PF` and `GP` only with MISCSELECT.EXINFO. */
export const EXIT_VECTOR = {
  DE: 0,
  DB: 1,
  BP: 3,
  BR: 5,
  UD: 6,
  GP: 13,
  PF: 14,
  MF: 16,
  AC: 17,
  XM: 19,
  CP: 21,
} as const;
