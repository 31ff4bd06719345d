// SPDX-License-Identifier: Apache-2.0
// What a debugger has of a Keep's threads, whatever the Keep runs in.
import type { RegisterFile } from '@motte/debug/gdb/register-file';

/** The threads of a Keep that stands still, by index: of a TCS, or of a vCPU. */
export interface Threads {
  /** Places for threads, with one in it or not. */
  readonly count: number;
  /** The number that the shim gave the task; 0 between tasks, undefined where it cannot be read. */
  task(index: number): Promise<number | undefined>;
  /** `own`: an instruction of this thread's stopped it. Undefined where it has none yet. */
  registers(index: number, own: boolean): Promise<RegisterFile | undefined>;
  /** Puts back what `registers` gave. False where it cannot be. */
  store(index: number, own: boolean, file: RegisterFile): Promise<boolean>;
}

/** What of a system call is known: where it goes on, and what it keeps (struct caller of shims/core/include/caller.h). */
export const CALLER = ['rip', 'rsp', 'rbx', 'rbp', 'r12', 'r13', 'r14', 'r15'] as const;
