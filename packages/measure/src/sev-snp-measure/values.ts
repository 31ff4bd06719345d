// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { fromHex } from '@motte/binary/hex';
import { DIGEST_BYTES } from '../snp.js';
import type { SevOptions } from './options.js';
import { pythonInt } from './python-int.js';

/** An option whose value is a text. */
export type ValuedOption = Exclude<keyof SevOptions, 'dump-vmsa'>;

/** Throws USAGE_VALUE. */
export function refuse(name: keyof SevOptions, expected: string, found?: string): MotteError {
  return new MotteError('USAGE_VALUE', {
    field: `--${name}`,
    expected,
    ...(found === undefined ? {} : { found: JSON.stringify(found) }),
  });
}

/** The value of an option; as for the tool, an empty one is none. */
export function textOf(options: SevOptions, name: ValuedOption): string | undefined {
  return options[name] === '' ? undefined : options[name];
}

/** What a number must be: `from` to `to`, written in base 10, or with base 0 in any. */
export interface NumberRule {
  readonly base: 10 | 0;
  readonly from: bigint;
  readonly to: bigint;
  /** What becomes of a number outside; without it that is an error. */
  readonly cut?: ((value: bigint) => bigint) | undefined;
}

/** The number that an option has. Throws USAGE_VALUE. */
export function numberOf(options: SevOptions, name: ValuedOption, rule: NumberRule): bigint | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const { base, from, to, cut } = rule;
  const expected = `${from} to ${base === 10 ? to : `0x${to.toString(16)}`}`;
  const number = pythonInt(text, base);
  if (number === undefined) throw refuse(name, expected, text);
  const value = number < from || number > to ? (cut?.(number) ?? number) : number;
  if (value < from || value > to) throw refuse(name, expected, text);
  return value;
}

/** An entry of a table, by the name that an option gives. Throws USAGE_VALUE. */
export function entryOf<T>(table: Readonly<Record<string, T>>, name: ValuedOption, key: string): T {
  const found = Object.hasOwn(table, key) ? table[key] : undefined;
  if (found === undefined) throw refuse(name, `one of ${Object.keys(table).join(', ')}`, key);
  return found;
}

/** The digest that an option gives in hex, with or without space between bytes. Throws USAGE_VALUE. */
export function digestOf(options: SevOptions, name: ValuedOption): Uint8Array | undefined {
  const text = textOf(options, name);
  if (text === undefined) return undefined;
  const digits = text.replace(/\s+(?=(?:[0-9a-f]{2}|$))/giu, '');
  if (digits.length !== 2 * DIGEST_BYTES || /[^0-9a-f]/iu.test(digits))
    throw refuse(name, `${2 * DIGEST_BYTES} hex digits`, text);
  return fromHex(digits);
}
