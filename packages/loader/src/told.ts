// SPDX-License-Identifier: Apache-2.0

/** What the shim of a debug Keep tells: a system call, see TRACE_PHASE and TRACE_EVENT of `@motte/hostcall/trace-event`. */
export interface Told {
  readonly phase: number;
  readonly tid: number;
  readonly number: bigint;
  /** Six. */
  readonly args: readonly bigint[];
  /** Of Linux, signed. */
  readonly result: bigint;
  /** Where the caller goes on, and what else a call keeps. */
  readonly registers: CallerRegisters;
}

/** Registers that a function call keeps, by the System V ABI, and RIP. */
export interface CallerRegisters {
  readonly rip: bigint;
  readonly rsp: bigint;
  readonly rbx: bigint;
  readonly rbp: bigint;
  readonly r12: bigint;
  readonly r13: bigint;
  readonly r14: bigint;
  readonly r15: bigint;
}

/** Hears what the shim tells, while the thread that told it waits. Resolves with a TRACE_ANSWER. */
export type Listener = (told: Told) => Promise<number>;

/** A stop that a debugger hears of: all of the Keep's threads stand still until `debugGo`. */
export interface Stop {
  /** STOP_WHY. */
  readonly why: number;
  /** The TCS, by its index, whose thread it was. */
  readonly thread: number;
  /** Of the end that is due, where that is why. */
  readonly signal: number;
  /** The TCSs that have a thread. */
  readonly threads: readonly number[];
}

/** Registers of a thread that stands still in a VM. */
export interface ThreadRegisters {
  /** REGISTERS_IN of `@motte/loader/protocol/debug`. */
  readonly where: number;
  /** DEBUG_STATE_SIZE bytes: an XSAVE area in the standard format, then GPRSGX. */
  readonly bytes: Uint8Array;
}
