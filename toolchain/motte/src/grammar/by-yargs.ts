// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { Parser } from 'yargs/helpers';

import type { CommandSpec } from './command.js';
import type { OptionSpec, OptionValues } from './options.js';
import { checkValue, unknownOption, wordOption } from './values.js';
import type { Known } from './values.js';

/** yargs' parser, told to guess nothing: values stay texts, names are as written. */
const SETTINGS = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'short-option-groups': false,
  'populate--': true,
} as const;

/** The parser eats the next word as the value of an option that has none; `--NAME=` says that there is none. */
function withoutGuess(argv: readonly string[], known: Known): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, i) => {
    if (end >= 0 && i > end) return word;
    const option = wordOption(word, known);
    return option?.[1].type === 'maybe' && !word.includes('=') ? `${word}=` : word;
  });
}

/** Refuses what is no option of the command before the parser sees it: words like `--constructor` break its tables. */
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

/** What the parser refuses by itself, in our words: an option at the end of the line that wants a value. */
function parserError(error: Error): MotteError {
  const [, name] = /^Not enough arguments following: (\S+)/.exec(error.message) ?? [];
  if (name === undefined) return new MotteError('USAGE_VALUE', { message: error.message, cause: error });
  return new MotteError('USAGE_VALUE', {
    field: `${name.length === 1 ? '-' : '--'}${name}`,
    expected: 'a value',
    cause: error,
  });
}

/** The options as the parser wants to be told of them. */
function hints(known: Known): Parser.Options {
  const all = [...known];
  const names = (...types: readonly OptionSpec['type'][]): string[] =>
    all.filter(([, { type }]) => types.includes(type)).map(([name]) => name);
  const wanted = (type: OptionSpec['type'], count: number): Record<string, number> =>
    Object.fromEntries(names(type).map((name) => [name, count]));
  return {
    boolean: names('flag'),
    string: names('text', 'maybe', 'list'),
    array: names('list'),
    // NaN is its word for a value that must not be missing.
    narg: { ...wanted('text', NaN), ...wanted('list', 1) },
    alias: Object.fromEntries(
      all.flatMap(([name, { short }]) => (short === undefined ? [] : [[name, short]])),
    ),
    configuration: SETTINGS,
  };
}

/**
 * Options and arguments in any order, by the parser of yargs. Not by yargs itself, whose texts, help and completion
 * take 50 ms to load, as long as Node, and which `help.ts` and `values.ts` do in our own words. Throws USAGE_*.
 */
export function parseByYargs(
  command: CommandSpec,
  argv: readonly string[],
  known: Known,
): { options: OptionValues; words: string[] } {
  refuseUnknown(command, argv, known);
  const { argv: found, error } = Parser.detailed(withoutGuess(argv, known), hints(known));
  if (error !== null) throw parserError(error);
  const { _: words, '--': after = [] } = found;
  const options: Record<string, unknown> = {};
  for (const [name, spec] of known) {
    if (found[name] !== undefined) options[name] = checkValue(name, spec, found[name]);
  }
  return { options, words: [...words, ...after].map(String) };
}
