// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { nearest } from '@motte/config/nearest';
import type { CommandSpec } from './command.js';
import { OPTIONS } from './options.js';
import type { OptionName, OptionSpec } from './options.js';

/** The options of a command, by name. */
export type Known = ReadonlyMap<string, OptionSpec>;

/** The options that a command takes, `--help` among them. */
export function optionsOf(command: CommandSpec): Known {
  const names: readonly OptionName[] = [...command.options, 'help'];
  return new Map(
    names.map((name) => {
      const spec: OptionSpec = OPTIONS[name];
      const choices = command.choices?.[name];
      return [name, choices === undefined || spec.type === 'flag' ? spec : { ...spec, choices }];
    }),
  );
}

/** The error for an option that there is not. */
export function unknownOption(command: CommandSpec, known: Known, name: string): MotteError {
  const dashes = name.length === 1 ? '-' : '--';
  const near = nearest(name, known.keys());
  return new MotteError('USAGE_OPTION', {
    field: `${dashes}${name}`,
    message: `motte ${command.name} has no such option${near === undefined ? '' : `; did you mean --${near}?`}`,
    expected: `one of ${[...known.keys()].map((one) => `--${one}`).join(', ')}`,
  });
}

/** The option that a word of the command line is, when it is one. */
export function wordOption(word: string, known: Known): [string, OptionSpec] | undefined {
  const [, long, short] = /^--([^=]+)|^-([^-=])$/.exec(word) ?? [];
  return [...known].find(([name, spec]) => name === long || (short !== undefined && spec.short === short));
}

/** A value as its option takes it, from what was parsed: a text, a list of them, or true. Throws USAGE_VALUE. */
export function checkValue(name: string, spec: OptionSpec, value: unknown): unknown {
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
  if (!bare && value === '' && spec.empty !== true) throw refuse(spec.value, 'nothing');
  return value;
}
