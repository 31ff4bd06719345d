// SPDX-License-Identifier: Apache-2.0

/** Digits may have single underscores between them. */
const DECIMAL = /^[+-]?[0-9]+(?:_[0-9]+)*$/;
/** The base is that of the prefix; without one a leading zero is refused, as it could mean octal. */
const ANY_BASE =
  /^[+-]?(?:0x_?[0-9a-f]+(?:_[0-9a-f]+)*|0o_?[0-7]+(?:_[0-7]+)*|0b_?[01]+(?:_[01]+)*|0+(?:_0+)*|[1-9][0-9]*(?:_[0-9]+)*)$/i;
/** Python converts no longer ones. */
const MOST_DIGITS = 4300;

/**
 * A whole number as Python's `int(text, base)` reads it, with base 10, or 0 for any; `undefined` for anything
 * else.
 */
export function pythonInt(text: string, base: 10 | 0): bigint | undefined {
  const trimmed = text.trim();
  if (trimmed.length > MOST_DIGITS || !(base === 10 ? DECIMAL : ANY_BASE).test(trimmed)) return undefined;
  const [, sign, digits = ''] = /^([+-]?)(.*)$/.exec(trimmed.replaceAll('_', '').toLowerCase()) ?? [];
  const value = BigInt(digits);
  return sign === '-' ? -value : value;
}
