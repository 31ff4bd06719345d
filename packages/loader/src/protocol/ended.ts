// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

const SOURCE = 'Motte, docs/helper-protocol.md';

/** ENDED.ended. */
export const ENDED_HOW = { EXITED: 1, SIGNALLED: 2, TRAPPED: 3, REFUSED: 4, KILLED: 5 } as const;

export const ENDED_FIELDS = [
  { at: 0x00, name: 'ended', type: 'u32', doc: 'ENDED_HOW' },
  { at: 0x04, name: 'status', type: 'u32', doc: 'exit status, signal or reason code' },
  { at: 0x08, name: 'cause', type: 'u32', doc: 'CAUSES' },
  { at: 0x0c, name: 'vector', type: 'u32', doc: 'TRAPPED, and SIGNALLED by a fault: the exception' },
  { at: 0x10, name: 'error_code', type: 'u32' },
  { at: 0x14, name: 'reserved_014', type: 'u32' },
  {
    at: 0x18,
    name: 'address',
    type: 'u64',
    doc: 'TRAPPED: as the CPU tells the host, offset from the base; SIGNALLED by a fault in a VM: CR2',
  },
  {
    at: 0x20,
    name: 'offset',
    type: 'u64',
    doc: 'REFUSED: offset within the shim; SIGNALLED by a fault: of the TCS, in a VM of TRAP_FRAME; or 0',
  },
  { at: 0x28, name: 'text', type: 'bytes216', doc: 'a sentence, ended by NUL' },
] as const;

/** How the Keep ended; STATISTICS follow. */
export const ENDED: Layout<typeof ENDED_FIELDS> = layout(
  { name: 'ENDED', size: 0x100, source: SOURCE },
  ENDED_FIELDS,
);

export const STATISTICS_FIELDS = [
  { at: 0x00, name: 'entries', type: 'u64', doc: 'EENTERs; KVM: KVM_RUNs' },
  { at: 0x08, name: 'resumes', type: 'u64', doc: 'ERESUMEs' },
  { at: 0x10, name: 'aexs', type: 'u64', doc: 'asynchronous exits' },
  { at: 0x18, name: 'host_calls', type: 'u64', doc: 'served' },
  { at: 0x20, name: 'accepted', type: 'u64', doc: 'emulated: pages that EACCEPT or EACCEPTCOPY accepted' },
  { at: 0x28, name: 'pages', type: 'u64', doc: 'emulated: pages in the EPC now, TCS pages included' },
  { at: 0x30, name: 'pages_most', type: 'u64', doc: 'emulated: most at any time' },
  { at: 0x38, name: 'unaccepted', type: 'u64', doc: 'emulated: pages that wait for EACCEPT now' },
  { at: 0x40, name: 'augmented', type: 'u64', doc: 'emulated: pages added by EAUG' },
  { at: 0x48, name: 'removed', type: 'u64', doc: 'emulated: pages removed by EREMOVE' },
  { at: 0x50, name: 'injected', type: 'u64', doc: 'emulated: AEXs that the emulator made up' },
  { at: 0x58, name: 'ignored', type: 'u64', doc: 'entries that the Keep left with IGNORED' },
  { at: 0x60, name: 'map_ns', type: 'u64', doc: 'from START to STARTED' },
  { at: 0x68, name: 'first_ns', type: 'u64', doc: 'from START to the first EENTER' },
  { at: 0x70, name: 'total_ns', type: 'u64', doc: 'from START until now, or until the end' },
  { at: 0x78, name: 'patched_sites', type: 'u32' },
  { at: 0x7c, name: 'call_count', type: 'u32', doc: 'CALL_COUNTs that follow' },
  { at: 0x80, name: 'exit_count', type: 'u32', doc: 'KVM: CALL_COUNTs after those: exits by KVM_EXIT' },
  { at: 0x84, name: 'ioctls', type: 'u32', doc: 'KVM: from START to the first KVM_RUN' },
  {
    at: 0x88,
    name: 'left_ns',
    type: 'u64',
    doc: 'KVM: from START to the first exit; on plain KVM it is one of ring 3',
  },
  {
    at: 0x90,
    name: 'switchless',
    type: 'u64',
    doc: 'KVM: host calls that the thread which watches has served',
  },
] as const;

/** What happened so far; `call_count` and `exit_count` CALL_COUNTs follow. */
export const STATISTICS: Layout<typeof STATISTICS_FIELDS> = layout(
  { name: 'STATISTICS', size: 0x98, source: SOURCE },
  STATISTICS_FIELDS,
);

export const CALL_COUNT_FIELDS = [
  { at: 0x0, name: 'number', type: 'u32', doc: 'of the host call, or KVM_EXIT' },
  { at: 0x4, name: 'reserved_004', type: 'u32' },
  { at: 0x8, name: 'count', type: 'u64' },
] as const;

export const CALL_COUNT: Layout<typeof CALL_COUNT_FIELDS> = layout(
  { name: 'CALL_COUNT', size: 16, source: SOURCE },
  CALL_COUNT_FIELDS,
);
