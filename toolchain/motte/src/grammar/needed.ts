// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { OptionName } from './options.js';

/** The value of an option without which the command cannot do its work. Throws USAGE_VALUE. */
export function needed<T>(value: T | undefined, name: OptionName): T {
  if (value === undefined)
    throw new MotteError('USAGE_VALUE', { field: `--${name}`, expected: 'to be given' });
  return value;
}
