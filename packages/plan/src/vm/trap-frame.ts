// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

export const TRAP_FRAME_FIELDS = [
  { at: 0x00, name: 'rax', type: 'u64', doc: 'number and result of a system call; its arguments follow' },
  { at: 0x08, name: 'rdi', type: 'u64' },
  { at: 0x10, name: 'rsi', type: 'u64' },
  { at: 0x18, name: 'rdx', type: 'u64' },
  { at: 0x20, name: 'r10', type: 'u64' },
  { at: 0x28, name: 'r8', type: 'u64' },
  { at: 0x30, name: 'r9', type: 'u64' },
  { at: 0x38, name: 'r15', type: 'u64' },
  { at: 0x40, name: 'r14', type: 'u64' },
  { at: 0x48, name: 'r13', type: 'u64' },
  { at: 0x50, name: 'r12', type: 'u64' },
  { at: 0x58, name: 'rbp', type: 'u64' },
  { at: 0x60, name: 'rbx', type: 'u64' },
  { at: 0x68, name: 'r11', type: 'u64' },
  { at: 0x70, name: 'rcx', type: 'u64' },
  { at: 0x78, name: 'vector', type: 'u64', doc: 'of the exception; 256 for a system call' },
  { at: 0x80, name: 'error', type: 'u64' },
  { at: 0x88, name: 'rip', type: 'u64' },
  { at: 0x90, name: 'cs', type: 'u64' },
  { at: 0x98, name: 'rflags', type: 'u64' },
  { at: 0xa0, name: 'rsp', type: 'u64' },
  { at: 0xa8, name: 'ss', type: 'u64' },
] as const;

/** The program's registers, at the top of its vCPU's stack while the shim runs: it begins as struct syscall_frame, and ends as the CPU pushes it. */
export const TRAP_FRAME: Layout<typeof TRAP_FRAME_FIELDS> = layout(
  { name: 'TRAP_FRAME', size: 0xb0, source: 'Motte, shims/vm/trap.S' },
  TRAP_FRAME_FIELDS,
);

/** TRAP_FRAME.vector of a system call, which is none; and the one vector of ours, by which a vCPU is made to flush its TLB. */
export const FRAME_VECTOR = { SYSCALL: 256, SHOOTDOWN: 32 } as const;

/** What ring 3 may have in RFLAGS: CF PF AF ZF SF TF DF OF AC ID (AMD 24593, 3.1.4). */
export const RFLAGS_USER = 0x240dd5;
