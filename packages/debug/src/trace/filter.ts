// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { nearest } from '@motte/config/nearest';
import { CALLS, CLASSES } from './calls.js';
import { NAMES } from './names.js';

/** Whether a system call of this name is printed. */
export type Filter = (name: string) => boolean;

const ALL = new Set(NAMES.values());

/** The calls that a word of the list means. Throws USAGE_VALUE with the nearest right one. */
function callsOf(word: string): string[] {
  const known = [...ALL, ...CLASSES.map((name) => `%${name}`)];
  const group = CLASSES.find((name) => `%${name}` === word);
  if (group !== undefined)
    return [...CALLS].filter(([, { classes }]) => classes.includes(group)).map(([name]) => name);
  if (ALL.has(word)) return [word];
  const near = nearest(word, known);
  throw new MotteError('USAGE_VALUE', {
    field: '--trace',
    expected:
      near === undefined
        ? `names of system calls, or ${CLASSES.map((name) => `%${name}`).join(' ')}`
        : `did you mean ${near}?`,
    found: word,
  });
}

/** `open,read,%network`: what is printed; an empty text is everything, `!` before it everything else. Throws USAGE_VALUE. */
export function parseFilter(text: string): Filter {
  if (text === '' || text === 'all') return () => true;
  const except = text.startsWith('!');
  const chosen = new Set(
    text
      .slice(except ? 1 : 0)
      .split(',')
      .flatMap(callsOf),
  );
  return (name) => chosen.has(name) !== except;
}
