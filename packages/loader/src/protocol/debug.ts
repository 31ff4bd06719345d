// SPDX-License-Identifier: Apache-2.0
// What is said of debug Keeps (docs/adr/0019-seeing-inside.md).
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';
import { GPRSGX } from '@motte/binary/sgx/gprsgx';

const SOURCE = 'Motte, docs/helper-protocol.md';

export const DEBUG_READ_FIELDS = [
  { at: 0x00, name: 'offset', type: 'u64', doc: 'from the base' },
  { at: 0x08, name: 'length', type: 'u64', doc: 'at most PEEK_MAX' },
] as const;

/** Asks for what EDBGRD reads of a debug Keep. */
export const DEBUG_READ: Layout<typeof DEBUG_READ_FIELDS> = layout(
  { name: 'DEBUG_READ', size: 16, source: SOURCE },
  DEBUG_READ_FIELDS,
);

export const DEBUG_BYTES_FIELDS = [
  { at: 0x00, name: 'offset', type: 'u64' },
  {
    at: 0x08,
    name: 'length',
    type: 'u32',
    doc: 'bytes that follow: up to the first page that cannot be read',
  },
  { at: 0x0c, name: 'reserved_00c', type: 'u32' },
] as const;

/** Its answer. */
export const DEBUG_BYTES: Layout<typeof DEBUG_BYTES_FIELDS> = layout(
  { name: 'DEBUG_BYTES', size: 16, source: SOURCE },
  DEBUG_BYTES_FIELDS,
);

export const TRACE_FIELDS = [
  { at: 0x00, name: 'phase', type: 'u32', doc: 'TRACE_PHASE' },
  { at: 0x04, name: 'tid', type: 'u32', doc: 'the thread, as the shim numbers it' },
] as const;

/** The shim made the host call `trace`, and its thread waits for TRACED; TRACE_EVENT follows. */
export const TRACE: Layout<typeof TRACE_FIELDS> = layout(
  { name: 'TRACE', size: 8, source: SOURCE },
  TRACE_FIELDS,
);

export const TRACED_FIELDS = [
  { at: 0x00, name: 'answer', type: 'u32', doc: 'TRACE_ANSWER' },
  { at: 0x04, name: 'reserved_004', type: 'u32' },
] as const;

/** Lets the thread of the last TRACE go on. */
export const TRACED: Layout<typeof TRACED_FIELDS> = layout(
  { name: 'TRACED', size: 8, source: SOURCE },
  TRACED_FIELDS,
);

export const DEBUG_WRITE_FIELDS = [
  { at: 0x00, name: 'offset', type: 'u64', doc: 'from the base' },
  { at: 0x08, name: 'length', type: 'u64', doc: 'at most PEEK_MAX; as many bytes follow' },
] as const;

/** Asks for EDBGWR into a debug Keep. */
export const DEBUG_WRITE: Layout<typeof DEBUG_WRITE_FIELDS> = layout(
  { name: 'DEBUG_WRITE', size: 16, source: SOURCE },
  DEBUG_WRITE_FIELDS,
);

export const DEBUG_WRITTEN_FIELDS = [
  { at: 0x00, name: 'offset', type: 'u64' },
  { at: 0x08, name: 'length', type: 'u32', doc: 'bytes written: up to the first page that refuses' },
  { at: 0x0c, name: 'reserved_00c', type: 'u32' },
] as const;

/** Its answer. */
export const DEBUG_WRITTEN: Layout<typeof DEBUG_WRITTEN_FIELDS> = layout(
  { name: 'DEBUG_WRITTEN', size: 16, source: SOURCE },
  DEBUG_WRITTEN_FIELDS,
);

export const DEBUG_REGISTERS_FIELDS = [
  { at: 0x0, name: 'thread', type: 'u32', doc: 'index of its vCPU' },
  { at: 0x4, name: 'reserved_004', type: 'u32' },
] as const;

/**
 * Asks for the registers of a thread that stands still in a VM; with DEBUG_STATE_SIZE bytes that follow, these are what they
 * are to be.
 */
export const DEBUG_REGISTERS: Layout<typeof DEBUG_REGISTERS_FIELDS> = layout(
  { name: 'DEBUG_REGISTERS', size: 8, source: SOURCE },
  DEBUG_REGISTERS_FIELDS,
);

/** Of a thread's registers: an XSAVE area in the standard format, then GPRSGX, as an SSA frame has them. */
export const DEBUG_STATE_SIZE: number = 4096 + GPRSGX.size;

/** Where they are (DEBUG_REGISTERS_ARE.where). */
export const REGISTERS_IN = {
  /** There are none yet, or they could not be changed. */
  NONE: 0,
  /** The program runs on the vCPU. */
  VCPU: 1,
  /** On the shim's stack, by an exception. */
  FRAME: 2,
  /** The same, by a system call: they cannot be changed. */
  CALL: 3,
} as const;

export const DEBUG_REGISTERS_ARE_FIELDS = [
  { at: 0x0, name: 'where', type: 'u32', doc: 'REGISTERS_IN; DEBUG_STATE_SIZE bytes follow' },
  { at: 0x4, name: 'reserved_004', type: 'u32' },
] as const;

/** Its answer. */
export const DEBUG_REGISTERS_ARE: Layout<typeof DEBUG_REGISTERS_ARE_FIELDS> = layout(
  { name: 'DEBUG_REGISTERS_ARE', size: 8, source: SOURCE },
  DEBUG_REGISTERS_ARE_FIELDS,
);

/** Why the Keep's threads stand still (STOPPED.why). */
export const STOP_WHY = {
  /** The loader asked for it. */
  ASKED: 0,
  /** INT3: RIP is its own address. */
  BREAKPOINT: 1,
  /** A single step is done, or the program has set RFLAGS.TF. */
  STEP: 2,
  /** The Keep is about to end by the signal `signal`. */
  SIGNAL: 3,
} as const;

export const STOPPED_FIELDS = [
  { at: 0x00, name: 'why', type: 'u32', doc: 'STOP_WHY' },
  { at: 0x04, name: 'thread', type: 'u32', doc: 'index of the TCS whose thread it was' },
  { at: 0x08, name: 'signal', type: 'u32' },
  { at: 0x0c, name: 'count', type: 'u32', doc: 'TCSs; a byte for each follows, 1: its thread runs' },
] as const;

/** All threads of the Keep stand still, until DEBUG_GO. */
export const STOPPED: Layout<typeof STOPPED_FIELDS> = layout(
  { name: 'STOPPED', size: 16, source: SOURCE },
  STOPPED_FIELDS,
);

/** What a thread does next: DEBUG_GO has a byte for each TCS. */
export const STOP_ACTION = { HOLD: 0, GO: 1, STEP: 2 } as const;
