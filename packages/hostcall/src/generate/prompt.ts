// SPDX-License-Identifier: Apache-2.0
import type { Row } from '../row.js';
import { banner } from './c.js';

/** Components whose calls any thread of the host can serve: they are about files, sockets and clocks of its own. */
const ANYWHERE: readonly string[] = ['stdio', 'time', 'hostdir', 'image', 'sockets'];

/** The numbers of the calls that an honest host answers at once, and that any of its threads can serve (ADR 0032). */
export function promptNumbers(rows: readonly Row[]): number[] {
  const prompt = rows.filter((row) => row.blocks !== true && ANYWHERE.includes(row.component));
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
