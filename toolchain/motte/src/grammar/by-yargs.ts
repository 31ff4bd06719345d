// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import yargs from 'yargs';
import type { CommandSpec } from './command.js';
import type { OptionValues } from './options.js';
import { checkValue, unknownOption, wordOption } from './values.js';
import type { Known } from './values.js';

/** yargs, told to guess nothing: values stay texts, names are as written. */
const YARGS_SETTINGS = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'short-option-groups': false,
  'populate--': true,
} as const;

/** yargs eats the next word as the value of an option that has none; `--NAME=` says that there is none. */
function withoutGuess(argv: readonly string[], known: Known): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, i) => {
    if (end >= 0 && i > end) return word;
    const option = wordOption(word, known);
    return option?.[1].type === 'maybe' && !word.includes('=') ? `${word}=` : word;
  });
}

/** Refuses what is no option of the command before yargs sees it: words like `--constructor` break its tables. */
function refuseUnknown(command: CommandSpec, argv: readonly string[], known: Known): void {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--') return;
    if (!word.startsWith('-') || word === '-') continue;
    const spec = wordOption(word, known)?.[1];
    if (spec === undefined)
      throw unknownOption(command, known, word.replace(/^--?/, '').replace(/=.*$/s, ''));
    if ((spec.type === 'text' || spec.type === 'list') && !word.includes('=')) i++;
  }
}

/** What yargs refuses by itself, in our words: an option at the end of the line that wants a value. */
function yargsError(message: string, cause: Error | undefined): MotteError {
  const [, name] = /^Not enough arguments following: (\S+)/.exec(message) ?? [];
  if (name === undefined)
    return new MotteError('USAGE_VALUE', { message: message.split('\n')[0] ?? message, cause });
  return new MotteError('USAGE_VALUE', {
    field: `${name.length === 1 ? '-' : '--'}${name}`,
    expected: 'a value',
    cause,
  });
}

/** Options and arguments in any order, by yargs. Throws USAGE_*. */
export async function parseByYargs(
  command: CommandSpec,
  argv: readonly string[],
  known: Known,
): Promise<{ options: OptionValues; words: string[] }> {
  refuseUnknown(command, argv, known);
  const parser = yargs([...withoutGuess(argv, known)])
    .parserConfiguration(YARGS_SETTINGS)
    .help(false)
    .version(false)
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message: string, error: Error | undefined) => {
      throw yargsError(message === '' ? (error?.message ?? '') : message, error);
    });
  for (const [name, { type, short }] of known) {
    parser.option(name, {
      ...(type === 'flag' ? { type: 'boolean' as const } : { type: 'string' as const }),
      ...(type === 'list' ? { array: true, nargs: 1 } : {}),
      ...(type === 'text' || type === 'list' ? { requiresArg: true } : {}),
      ...(short === undefined ? {} : { alias: short }),
    });
  }
  const {
    _: words,
    '--': after = [],
    $0: _,
    ...found
  } = (await parser.parseAsync()) as Record<string, unknown> & {
    _: unknown[];
  };
  const options: Record<string, unknown> = {};
  for (const [name, spec] of known) {
    if (found[name] !== undefined) options[name] = checkValue(name, spec, found[name]);
  }
  return { options, words: [...words, ...(after as unknown[])].map(String) };
}
