// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { nearest } from '@motte/config/nearest';
import type { CommandSpec, Input } from './command.js';
import { OPTIONS } from './options.js';
import type { OptionName, OptionSpec, OptionValues } from './options.js';

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

function optionsOf(command: CommandSpec): Map<string, OptionSpec> {
  const names: readonly OptionName[] = [...command.options, 'help'];
  return new Map(names.map((name) => [name, OPTIONS[name]]));
}

function unknownOption(
  command: CommandSpec,
  known: ReadonlyMap<string, OptionSpec>,
  name: string,
): MotteError {
  const dashes = name.length === 1 ? '-' : '--';
  const near = nearest(name, known.keys());
  return new MotteError('USAGE_OPTION', {
    field: `${dashes}${name}`,
    message: `motte ${command.name} has no such option${near === undefined ? '' : `; did you mean --${near}?`}`,
    expected: `one of ${[...known.keys()].map((one) => `--${one}`).join(', ')}`,
  });
}

/** The option that a word of the command line is, when it is one. */
function wordOption(word: string, known: ReadonlyMap<string, OptionSpec>): [string, OptionSpec] | undefined {
  const [, long, short] = /^--([^=]+)|^-([^-=])$/.exec(word) ?? [];
  return [...known].find(([name, spec]) => name === long || (short !== undefined && spec.short === short));
}

/** Where the first argument is, past the options before it; `--` before it is stepped over. */
function firstArgument(argv: readonly string[], known: ReadonlyMap<string, OptionSpec>): number {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--') return i + 1;
    if (!word.startsWith('-') || word === '-') return i;
    const option = wordOption(word, known);
    const takes = option !== undefined && ['text', 'list'].includes(option[1].type) && !word.includes('=');
    if (takes) i++;
  }
  return argv.length;
}

function checkValue(name: string, spec: OptionSpec, value: unknown): unknown {
  const refuse = (expected: string, found: string): MotteError =>
    new MotteError('USAGE_VALUE', { field: `--${name}`, expected, found });
  if (spec.type === 'flag') {
    if (value !== true) throw refuse('no value', 'one, or the option twice');
    return true;
  }
  if (spec.type === 'list') return (value as readonly unknown[]).map(String);
  if (typeof value !== 'string') throw refuse('to be given once', 'it twice');
  const bare = spec.type === 'maybe' && value === '';
  if (!bare && spec.choices !== undefined && !spec.choices.includes(value)) {
    const near = nearest(value, spec.choices);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    throw refuse(`${spec.choices.join(', ')}${hint}`, JSON.stringify(value));
  }
  if (!bare && value === '') throw refuse(spec.value, 'nothing');
  return value;
}

/** yargs eats the next word as the value of an option that has none; `--NAME=` says that there is none. */
function withoutGuess(argv: readonly string[], known: ReadonlyMap<string, OptionSpec>): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, i) => {
    if (end >= 0 && i > end) return word;
    const option = wordOption(word, known);
    return option?.[1].type === 'maybe' && !word.includes('=') ? `${word}=` : word;
  });
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

async function parseOptions(
  command: CommandSpec,
  argv: readonly string[],
  known: ReadonlyMap<string, OptionSpec>,
): Promise<{ options: OptionValues; words: string[] }> {
  const { default: yargs } = await import('yargs');
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
  const shorts = new Set([...known.values()].map(({ short }) => short));
  for (const [name, value] of Object.entries(found)) {
    const spec = known.get(name);
    if (spec !== undefined && value !== undefined) options[name] = checkValue(name, spec, value);
    else if (spec === undefined && !shorts.has(name)) throw unknownOption(command, known, name);
  }
  return { options, words: [...words, ...(after as unknown[])].map(String) };
}

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
export async function parseInput(command: CommandSpec, argv: readonly string[]): Promise<Input> {
  const known = optionsOf(command);
  const cut = command.passes === true ? firstArgument(argv, known) : argv.length;
  const { options, words } = await parseOptions(command, argv.slice(0, cut), known);
  const own = command.passes === true ? [...words, ...argv.slice(cut, cut + 1)] : words;
  if (options.help !== true) checkCount(command, own);
  return { options, words: own, rest: command.passes === true ? argv.slice(cut + 1) : [] };
}
