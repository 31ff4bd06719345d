// SPDX-License-Identifier: Apache-2.0
// What is said of debug Keeps (docs/adr/0019-seeing-inside.md).
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

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
