// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { nearest } from '@motte/config/nearest';
import type { CommandSpec } from './command.js';
import { COMMANDS } from './commands.js';

/** The words of `argv` before its first option. */
function leading(argv: readonly string[]): readonly string[] {
  const end = argv.findIndex((word) => word.startsWith('-'));
  return end < 0 ? argv : argv.slice(0, end);
}

/** The commands whose names begin with these words. */
export function commandsUnder(words: readonly string[]): readonly CommandSpec[] {
  return COMMANDS.filter(({ name }) => words.every((word, i) => name.split(' ')[i] === word));
}

/** A command, and how many words its name takes of the command line; or the group of commands that was named. */
export type Found =
  | { readonly command: CommandSpec; readonly taken: number }
  | { readonly group: readonly CommandSpec[]; readonly words: readonly string[] };

/** The command that `argv` names. Throws USAGE_COMMAND with the nearest one. */
export function findCommand(argv: readonly string[]): Found {
  const words = leading(argv);
  let taken = 0;
  let group: readonly CommandSpec[] = COMMANDS;
  for (const word of words) {
    const next = commandsUnder([...words.slice(0, taken), word]);
    if (next.length === 0) throw unknown(words, taken, group);
    group = next;
    taken++;
    const exact = group.find(({ name }) => name === words.slice(0, taken).join(' '));
    if (exact !== undefined) return { command: exact, taken };
  }
  return { group, words };
}

function unknown(words: readonly string[], taken: number, group: readonly CommandSpec[]): MotteError {
  const choices = [...new Set(group.map(({ name }) => name.split(' ')[taken] ?? ''))];
  const near = nearest(words[taken] ?? '', choices);
  const known = words.slice(0, taken);
  const suggestion = near === undefined ? '' : `; did you mean motte ${[...known, near].join(' ')}?`;
  return new MotteError('USAGE_COMMAND', {
    message: `there is no command motte ${words.slice(0, taken + 1).join(' ')}${suggestion}`,
    expected: `one of ${choices.join(', ')}`,
  });
}
