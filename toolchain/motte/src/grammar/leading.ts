// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { CommandSpec } from './command.js';
import type { OptionValues } from './options.js';
import { checkValue, unknownOption, wordOption } from './values.js';
import type { Known } from './values.js';

/** The options before the first argument, and where that argument is. */
export interface Leading {
  readonly options: OptionValues;
  readonly end: number;
}

/**
 * Reads the options of a command whose arguments belong to a program: they end at the first word that is none, or at
 * `--`. The parser of yargs has no such rule. Throws USAGE_*.
 */
export function parseLeading(command: CommandSpec, argv: readonly string[], known: Known): Leading {
  const found = new Map<string, string[]>();
  let end = 0;
  while (end < argv.length) {
    const word = argv[end] ?? '';
    if (!word.startsWith('-') || word === '-') break;
    end++;
    if (word === '--') break;
    const [name, spec] = wordOption(word, known) ?? [];
    if (name === undefined || spec === undefined) {
      throw unknownOption(command, known, word.replace(/^--?/, '').replace(/=.*$/s, ''));
    }
    const equals = word.indexOf('=');
    const values = found.get(name) ?? [];
    found.set(name, values);
    if (equals >= 0) values.push(word.slice(equals + 1));
    else if (spec.type === 'flag' || spec.type === 'maybe') values.push('');
    else {
      const value = argv[end++];
      if (value === undefined)
        throw new MotteError('USAGE_VALUE', { field: `--${name}`, expected: 'a value' });
      values.push(value);
    }
    if (spec.type === 'flag' && equals >= 0) values.push(word);
  }
  const options: Record<string, unknown> = {};
  for (const [name, values] of found) {
    const spec = known.get(name);
    if (spec === undefined) continue;
    const single = spec.type === 'flag' ? true : values[0];
    options[name] = checkValue(name, spec, spec.type === 'list' || values.length > 1 ? values : single);
  }
  return { options, end };
}
