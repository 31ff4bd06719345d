// SPDX-License-Identifier: Apache-2.0
import { boolean, describe, text } from './kind.js';
import type { Fault, Kind } from './kind.js';
import type { EnvEntry } from './keep-config.js';
import type { Path } from './line.js';

const VALUE = text('a text, or { default = "…", measured = false }');
const FORM = 'a text, or { default = "…", measured = false }';

function readEntry(key: string, value: unknown, path: Path, fault: Fault): EnvEntry {
  if (!/^[^=\0\p{Cs}]+$/u.test(key)) {
    throw fault('KEEP_VALUE', path, { expected: 'a name without =, not empty', found: describe(key) });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) {
    return { key, value: VALUE.read(value, path, fault), measured: true };
  }
  const given = new Map<string, unknown>(Object.entries(value));
  for (const name of given.keys()) {
    if (name === 'default' || name === 'measured') continue;
    throw fault('KEEP_UNKNOWN_KEY', [...path, name], { expected: 'default or measured' });
  }
  if (!given.has('measured')) throw fault('KEEP_MISSING', path, { expected: 'measured = false' });
  if (boolean().read(given.get('measured'), [...path, 'measured'], fault)) {
    throw fault('KEEP_VALUE', [...path, 'measured'], {
      expected: 'false; a measured value is written K = "v"',
      found: 'true',
    });
  }
  if (!given.has('default')) return { key, measured: false };
  return { key, value: VALUE.read(given.get('default'), [...path, 'default'], fault), measured: false };
}

/** The `[env]` table. */
export function envTable(): Kind<readonly EnvEntry[]> {
  return {
    name: 'a table of texts',
    json: {
      type: 'object',
      propertyNames: { pattern: '^[^=]+$' },
      additionalProperties: {
        oneOf: [
          { type: 'string' },
          {
            type: 'object',
            additionalProperties: false,
            required: ['measured'],
            properties: { default: { type: 'string' }, measured: { const: false } },
          },
        ],
      },
    },
    read(value, path, fault) {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) {
        throw fault('KEEP_TYPE', path, {
          expected: `a table of K = ${FORM}, or "host"`,
          found: describe(value),
        });
      }
      return Object.entries(value).map(([key, one]) => readEntry(key, one, [...path, key], fault));
    },
  };
}
