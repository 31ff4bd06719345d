// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const TCS_FIELDS = [
  { at: 0x000, name: 'stage', type: 'u64', doc: 'CPU: 0 when the thread can be entered' },
  { at: 0x008, name: 'flags', type: 'u64', doc: 'see TCS_FLAGS' },
  { at: 0x010, name: 'ossa', type: 'u64', doc: 'offset of the SSA frames from the base, page aligned' },
  { at: 0x018, name: 'cssa', type: 'u32', doc: 'CPU: the SSA frame that the next AEX uses' },
  { at: 0x01c, name: 'nssa', type: 'u32', doc: 'number of SSA frames' },
  { at: 0x020, name: 'oentry', type: 'u64', doc: 'offset of the entry point from the base' },
  { at: 0x028, name: 'aep', type: 'u64', doc: 'CPU: where AEX continues, as of EENTER' },
  { at: 0x030, name: 'ofsbase', type: 'u64', doc: 'offset of the FS base from the base, page aligned' },
  { at: 0x038, name: 'ogsbase', type: 'u64', doc: 'offset of the GS base from the base, page aligned' },
  { at: 0x040, name: 'fslimit', type: 'u32', doc: 'low 12 bits ones' },
  { at: 0x044, name: 'gslimit', type: 'u32', doc: 'low 12 bits ones' },
  { at: 0x048, name: 'ocetssa', type: 'u64', doc: 'CET; zero without it' },
  { at: 0x050, name: 'prevssp', type: 'u64', doc: 'CET; zero without it' },
  { at: 0x058, name: 'reserved_058', type: 'bytes4008' },
] as const;

/** Thread Control Structure; 4096-byte aligned. Measured as written here, with CSSA and the CPU-owned fields zero. */
export const TCS: Layout<typeof TCS_FIELDS> = layout(
  { name: 'TCS', size: 4096, source: 'Intel SDM 332831 vol. 3D, table 38-5, Layout of TCS' },
  TCS_FIELDS,
);

/** TCS.FLAGS (table 38-6). */
export const TCS_FLAGS = {
  /** Debug opt-in: set by a debugger with EDBGWR, refused at EADD. */
  DBGOPTIN: 0x1n,
  /** The thread takes part in AEX-Notify. */
  AEXNOTIFY: 0x2n,
} as const;
