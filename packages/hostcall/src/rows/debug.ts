// SPDX-License-Identifier: Apache-2.0
import { PLATFORM_CALLS } from '../row.js';
import type { Row } from '../row.js';
import { TRACE_ANSWER, TRACE_EVENT, TRACE_PHASE } from '../trace-event.js';

/** What a shim with the switch `debug` tells its host; no other shim can. */
export const DEBUG: readonly Row[] = [
  {
    number: PLATFORM_CALLS + 0xf,
    name: 'trace',
    component: 'debug',
    doc: 'a system call begins (0), has its result (1), is not supported (2), ends the Keep by a signal (3), or an exception that may be a debugger’s came (4); 1 asks for no more of 0 and 1, and says that it was none',
    args: [
      {
        kind: 'value',
        name: 'phase',
        type: 'u32',
        check: { range: [BigInt(TRACE_PHASE.CALL), BigInt(TRACE_PHASE.STOPS)] },
      },
      { kind: 'value', name: 'tid', type: 'u32' },
      { kind: 'buffer', name: 'event', direction: 'in', size: { bytes: TRACE_EVENT.size } },
    ],
    result: { kind: 'range', from: BigInt(TRACE_ANSWER.GO_ON), to: BigInt(TRACE_ANSWER.MUTE) },
    errnos: [],
  },
];
