// SPDX-License-Identifier: Apache-2.0
import type { Row } from '../row.js';
import { banner } from './c.js';

/** Components whose calls are about the thread that makes them, or about pages of the Keep: no other thread of the host serves those. */
const OF_THE_THREAD: readonly string[] = ['process', 'threads', 'memory', 'vm', 'debug'];

/** The numbers of the calls that an honest host answers at once, and that any of its threads can serve (ADR 0032). */
export function promptNumbers(rows: readonly Row[]): number[] {
  const prompt = rows.filter((row) => row.blocks !== true && !OF_THE_THREAD.includes(row.component));
  return [...new Set(prompt.map(({ number }) => number))].sort((a, b) => a - b);
}

/** The header that says which they are; the same for guest and host. */
export function promptHeader(rows: readonly Row[]): string {
  return [
    banner('The host calls that need no exit where the host watches the block.'),
    '#ifndef MOTTE_HOSTCALL_PROMPT_H',
    '#define MOTTE_HOSTCALL_PROMPT_H',
    '',
    '#include <stdbool.h>',
    '#include <stdint.h>',
    '',
    'static inline bool hostcall_is_prompt(uint32_t number)',
    '{',
    '\tswitch (number) {',
    ...promptNumbers(rows).map((number) => `\tcase 0x${number.toString(16)}:`),
    '\t\treturn true;',
    '\tdefault:',
    '\t\treturn false;',
    '\t}',
    '}',
    '',
    '#endif',
    '',
  ].join('\n');
}
