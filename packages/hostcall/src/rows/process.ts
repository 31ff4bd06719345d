// SPDX-License-Identifier: Apache-2.0
import type { Row } from '../row.js';

/** What a Keep asks of the host about the thread that runs it. */
export const PROCESS: readonly Row[] = [
  {
    number: 24,
    name: 'sched_yield',
    component: 'process',
    doc: 'the host schedules',
    args: [],
    result: { kind: 'zero' },
    errnos: [],
  },
];
