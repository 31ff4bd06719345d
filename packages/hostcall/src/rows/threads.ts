// SPDX-License-Identifier: Apache-2.0
import { PLATFORM_CALLS } from '../row.js';
import { POLLFD } from './stdio.js';
import type { Arg, FieldCheck, Row } from '../row.js';

/** As many TCSs as a Keep can have (MOST_THREADS of packages/config). */
const THREADS = 256n;

/** Which TCS of the plan; the first is the boot's, which nobody starts. */
function index(from: bigint): Arg {
  return { kind: 'value', name: 'index', type: 'u32', check: { range: [from, THREADS - 1n] } };
}

/** How long from now; `tv_sec` -1 is without an end. */
const TIMEOUT: readonly FieldCheck[] = [
  { at: 0, name: 'tv_sec', type: 'i64', check: { range: [-1n, (1n << 63n) - 1n] } },
  { at: 8, name: 'tv_nsec', type: 'i64', check: { range: [0n, 999_999_999n] } },
];

/**
 * What a Keep asks of the host about its threads. All of it is advice: a host that starts nothing, wakes nobody or wakes
 * everybody changes when the Keep's threads look again, never what they see.
 */
export const THREAD_CALLS: readonly Row[] = [
  {
    number: PLATFORM_CALLS + 4,
    name: 'thread_start',
    component: 'threads',
    doc: 'a thread of the host enters the fresh TCS `index`',
    args: [index(1n)],
    result: { kind: 'zero' },
    errnos: ['EAGAIN', 'EINVAL'],
  },
  {
    number: PLATFORM_CALLS + 5,
    name: 'thread_wake',
    component: 'threads',
    doc: 'ends the `wait` of the TCS `index`, or its next one',
    args: [index(0n)],
    result: { kind: 'zero' },
    errnos: ['EINVAL'],
  },
  {
    number: PLATFORM_CALLS + 6,
    name: 'wait',
    component: 'threads',
    doc: 'ppoll, or until this thread is woken; the result must be the number of entries with an event',
    args: [
      { kind: 'buffer', name: 'fds', direction: 'inout', size: { by: 'nfds', each: 8 }, fields: POLLFD },
      { kind: 'length', name: 'nfds', max: 1024, over: 'EINVAL' },
      { kind: 'buffer', name: 'timeout', direction: 'in', size: { bytes: 16 }, fields: TIMEOUT },
    ],
    result: { kind: 'non-zero', of: 'fds', at: 6, type: 'u16' },
    errnos: ['EBADF', 'EINTR', 'EINVAL', 'ENOMEM'],
    blocks: true,
  },
];
