// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { CommandSpec, Input } from './command.js';
import { parseByYargs } from './by-yargs.js';
import { parseLeading } from './leading.js';
import { optionsOf } from './values.js';

function checkCount(command: CommandSpec, words: readonly string[]): void {
  const least = command.args.filter((arg) => !arg.startsWith('[')).length;
  if (words.length >= least && words.length <= command.args.length) return;
  const expected = command.args.length === 0 ? 'no argument' : command.args.join(' ');
  throw new MotteError('USAGE_ARGUMENTS', {
    message: `motte ${command.name} takes other arguments`,
    expected,
    found: words.length === 0 ? 'none' : words.map((word) => JSON.stringify(word)).join(' '),
  });
}

/** The options and arguments that follow a command's name. Throws USAGE_*. */
export function parseInput(command: CommandSpec, argv: readonly string[]): Input {
  if (command.raw === true) return { options: {}, words: [], rest: argv };
  const known = optionsOf(command);
  if (command.passes === true) {
    const { options, end } = parseLeading(command, argv, known);
    const words = argv.slice(end, end + command.args.length);
    if (options.help !== true) checkCount(command, words);
    return { options, words, rest: argv.slice(end + command.args.length) };
  }
  const { options, words } = parseByYargs(command, argv, known);
  if (options.help !== true) checkCount(command, words);
  return { options, words, rest: [] };
}
