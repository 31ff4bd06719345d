// SPDX-License-Identifier: Apache-2.0

/** A line a value, with its name in front. */
export function lines(values: Readonly<Record<string, string | number>>): string {
  const width = Math.max(...Object.keys(values).map(({ length }) => length));
  return Object.entries(values)
    .map(([name, value]) => `${name.padEnd(width)}  ${value}\n`)
    .join('');
}
