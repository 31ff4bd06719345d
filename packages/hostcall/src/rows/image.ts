// SPDX-License-Identifier: Apache-2.0
import { DATA_SIZE } from '../block.js';
import { PLATFORM_CALLS } from '../row.js';
import type { Row } from '../row.js';

/**
 * Files of the Keep's image. Which they are the config blob says, by digests: what comes is compared with them before
 * anything reads it.
 */
export const IMAGE: readonly Row[] = [
  {
    number: PLATFORM_CALLS + 0xe,
    name: 'image_read',
    component: 'image',
    doc: 'bytes of the file index and, behind it, of the contents of all its files; at most one data area a call',
    args: [
      {
        kind: 'buffer',
        name: 'bytes',
        direction: 'out',
        size: { by: 'count', each: 1 },
        filled: 'result',
        bulk: true,
      },
      { kind: 'length', name: 'count', max: DATA_SIZE, over: 'cut' },
      {
        kind: 'value',
        name: 'offset',
        type: 'i64',
        check: { range: [0n, (1n << 63n) - 1n] },
      },
    ],
    result: { kind: 'count', of: 'count' },
    errnos: ['EIO'],
  },
];
