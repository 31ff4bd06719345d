// SPDX-License-Identifier: Apache-2.0

/**
 * The address space of an SGX Keep (docs/sgx-keep.md). Everything is an offset from the base; the thread
 * block's members are offsets from the block's start.
 */
export const SGX_MAP = {
  STACK0: 0x01000,
  STACK0_PAGES: 8,
  STACK1: 0x0a000,
  STACK1_PAGES: 8,
  THREAD_PAGE: 0x13000,
  /** Of the thread page, for a debugger: its task's number, the exec's FS base, and its registers in a system call. */
  TASK_NUMBER: 0x130f0,
  EXEC_FS: 0x13040,
  CALLER: 0x13fc0,
  SSA: 0x14000,
  NSSA: 2,
  SSA_FRAME_PAGES: 1,
  TCS: 0x16000,
  THREAD_STRIDE: 0x18000,
  /** The exec and the heap start on multiples of this. */
  REGION_ALIGN: 0x200000,
} as const;
