// SPDX-License-Identifier: Apache-2.0
import type { BufferArg, FieldCheck, Row, ValueArg } from '../row.js';

/** KTIME_SEC_MAX of linux/ktime.h: Linux itself never goes beyond. */
const SECONDS_MAX = 9_223_372_036n;

const NANOSECONDS: FieldCheck = {
  at: 8,
  name: 'tv_nsec',
  type: 'i64',
  check: { range: [0n, 999_999_999n] },
};

const TIMESPEC: readonly FieldCheck[] = [
  { at: 0, name: 'tv_sec', type: 'i64', check: { range: [0n, SECONDS_MAX] } },
  NANOSECONDS,
];

/**
 * REALTIME, MONOTONIC, both CPU times, MONOTONIC_RAW, both coarse ones, BOOTTIME, TAI. A CPU time is that of the host's thread.
 * The clocks of other processes, and dynamic ones, belong to descriptors or processes that a Keep does not have.
 */
const CLOCKS = [0, 1, 2, 3, 4, 5, 6, 7, 11] as const;

const CLOCK: ValueArg = { kind: 'value', name: 'clock', type: 'i32', check: { oneOf: CLOCKS } };

const TIME_OUT: BufferArg = {
  kind: 'buffer',
  name: 'timespec',
  direction: 'out',
  size: { bytes: 16 },
  fields: TIMESPEC,
  reason: 'HOST_TIME',
};

/** Time is the host's. That MONOTONIC never goes back is the shim's to see to: it takes state, which no row has. */
export const TIME: readonly Row[] = [
  {
    number: 228,
    name: 'clock_gettime',
    component: 'time',
    doc: 'chosen by the host; MONOTONIC is kept from going back',
    args: [CLOCK, TIME_OUT],
    result: { kind: 'zero' },
    errnos: ['EINVAL'],
  },
  {
    number: 229,
    name: 'clock_getres',
    component: 'time',
    doc: 'chosen by the host',
    args: [CLOCK, TIME_OUT],
    result: { kind: 'zero' },
    errnos: ['EINVAL'],
  },
];
