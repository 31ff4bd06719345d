// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

/** What the shim of a debug Keep tells its host of a system call (the argument `phase` of the host call `trace`). */
export const TRACE_PHASE = {
  /** The call begins. */
  CALL: 0,
  /** It has a result. */
  RESULT: 1,
  /** The Keep does not do this: the first time for each number, whether the host listens or not. */
  UNSUPPORTED: 2,
  /** The Keep ends by a signal that this call raised: `number` is the signal's. */
  ENDS: 3,
  /** VM-based Keeps: an exception of the program that may be a debugger's: `number` is its vector. GO_ON: it was. */
  STOPS: 4,
} as const;

/** The host's answer: go on as before, or make no CALL and RESULT of this number again. */
export const TRACE_ANSWER = { GO_ON: 0, MUTE: 1 } as const;

export const TRACE_EVENT_FIELDS = [
  { at: 0x00, name: 'number', type: 'u64', doc: 'of the system call' },
  { at: 0x08, name: 'arg0', type: 'u64' },
  { at: 0x10, name: 'arg1', type: 'u64' },
  { at: 0x18, name: 'arg2', type: 'u64' },
  { at: 0x20, name: 'arg3', type: 'u64' },
  { at: 0x28, name: 'arg4', type: 'u64' },
  { at: 0x30, name: 'arg5', type: 'u64' },
  { at: 0x38, name: 'result', type: 'u64', doc: 'as of Linux; 0 while there is none' },
  { at: 0x40, name: 'rip', type: 'u64', doc: 'where the caller goes on' },
  { at: 0x48, name: 'rsp', type: 'u64', doc: 'and its other registers that a call keeps' },
  { at: 0x50, name: 'rbx', type: 'u64' },
  { at: 0x58, name: 'rbp', type: 'u64' },
  { at: 0x60, name: 'r12', type: 'u64' },
  { at: 0x68, name: 'r13', type: 'u64' },
  { at: 0x70, name: 'r14', type: 'u64' },
  { at: 0x78, name: 'r15', type: 'u64' },
] as const;

/** A system call as `trace` tells it. */
export const TRACE_EVENT: Layout<typeof TRACE_EVENT_FIELDS> = layout(
  { name: 'TRACE_EVENT', size: 0x80, source: 'Motte, docs/adr/0019-seeing-inside.md' },
  TRACE_EVENT_FIELDS,
);
