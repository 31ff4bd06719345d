// SPDX-License-Identifier: Apache-2.0
import type { End } from '@motte/loader/load';
import { CASE } from './guest.js';

/** KVM_EXIT_* of <linux/kvm.h>. */
const EXIT = { IO: 2, HLT: 5, MMIO: 6, SHUTDOWN: 8, IRQ_WINDOW: 7 };

/** A guest and how its Keep must end. */
export interface Row {
  readonly name: string;
  readonly index: number;
  readonly xcr0?: bigint;
  readonly timeMs?: number;
  readonly abort?: true;
  readonly ended?: End['ended'];
  readonly status?: number;
  readonly cause?: string;
  readonly reason?: RegExp;
  readonly out?: string;
  /** Exits of a reason that there must be, at least so many. */
  readonly exits?: readonly [reason: number, least: number];
  /** What `load` says. */
  readonly error?: RegExp;
}

export const ROWS: readonly Row[] = [
  {
    name: 'a host call, then its status',
    index: CASE.HELLO,
    ended: 'exited',
    status: 42,
    out: 'hello\n',
    exits: [EXIT.IO, 2],
  },
  { name: 'a signal', index: CASE.SIGNAL_11, ended: 'signalled', status: 11 },
  {
    name: 'a refusal',
    index: CASE.REFUSE_3,
    ended: 'refused',
    cause: 'CONFIG_DIGEST',
    reason: /shim offset 0x123/,
  },
  { name: 'no known reason', index: CASE.NO_REASON, ended: 'killed', cause: 'EXIT_WHY', reason: /EAX is 77/ },
  {
    name: 'HLT',
    index: CASE.HALT,
    ended: 'trapped',
    cause: 'VM_EXIT',
    reason: /HLT; vCPU 0: RIP 0x1000040[0-9a-f]{2}/,
    exits: [EXIT.HLT, 1],
  },
  {
    name: 'another port',
    index: CASE.OTHER_PORT,
    ended: 'trapped',
    cause: 'VM_EXIT',
    reason: /OUT of 4 bytes, port 0x80; vCPU 0: RIP 0x1000060[0-9a-f]{2}/,
  },
  {
    name: 'memory that is not there',
    index: CASE.NO_MEMORY,
    ended: 'trapped',
    cause: 'VM_EXIT',
    reason: /a read of 8 bytes, guest physical address 0x100400000/,
    exits: [EXIT.MMIO, 1],
  },
  { name: 'memory by host call', index: CASE.BALLOON, ended: 'exited', status: 0 },
  {
    name: 'a second vCPU is started and kicked',
    index: CASE.KICK,
    ended: 'exited',
    status: 9,
    timeMs: 60_000,
  },
  { name: 'a time limit', index: CASE.SPIN, ended: 'killed', cause: 'TIME_LIMIT', timeMs: 300 },
  {
    name: 'a time limit in a host call',
    index: CASE.WAIT,
    ended: 'killed',
    cause: 'TIME_LIMIT',
    timeMs: 3_000,
  },
  { name: 'an abort', index: CASE.SPIN, ended: 'killed', cause: 'ABORTED', abort: true },
  {
    name: 'an XCR0 that no machine has',
    index: CASE.HELLO,
    xcr0: (1n << 40n) | 7n,
    error: /BACKEND.*vCPU \d: XCR0 of the VMSA/,
  },
  {
    name: 'a triple fault',
    index: CASE.TRIPLE_FAULT,
    ended: 'trapped',
    cause: 'VM_EXIT',
    reason: /SHUTDOWN \(a triple fault\)/,
    exits: [EXIT.SHUTDOWN, 1],
  },
];
