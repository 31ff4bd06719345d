// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode, MotteError } from '@motte/binary/error';
import { nearest } from './nearest.js';
import type { Path } from './line.js';
import { formatSize, parseSize } from './size.js';

/** A JSON schema, as far as Keep.toml needs it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Makes the error for a value at `path`. */
export type Fault = (
  code: ErrorCode,
  path: Path,
  details: { expected: string; found?: string; message?: string },
) => MotteError;

/** A type of value: what it is called, its JSON schema, and how it is read strictly. */
export interface Kind<T> {
  /** As docs/keep-toml.md calls it. */
  readonly name: string;
  readonly json: JsonSchema;
  read(value: unknown, path: Path, fault: Fault): T;
}

/** `value` as an error message shows it. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Date) return 'a date or time';
  if (typeof value === 'object' && value !== null) return 'a table';
  return String(value);
}

/** Whether `text` can stand in argv, the environment or a path: Unicode without NUL. */
export function isPlainText(value: string): boolean {
  return !/[\0\p{Cs}]/u.test(value);
}

/** A text; `pattern`, said in words by `what`, bounds it further. */
export function text(what = 'a text', pattern?: RegExp): Kind<string> {
  return {
    name: what,
    json: { type: 'string', ...(pattern === undefined ? {} : { pattern: pattern.source }) },
    read(value, path, fault) {
      if (typeof value !== 'string')
        throw fault('KEEP_TYPE', path, { expected: what, found: describe(value) });
      if (!isPlainText(value)) {
        throw fault('CONFIG_TEXT', path, { expected: 'Unicode without NUL', found: describe(value) });
      }
      if (pattern !== undefined && !pattern.test(value)) {
        throw fault('KEEP_VALUE', path, { expected: what, found: describe(value) });
      }
      return value;
    },
  };
}

/** An integer within [min, max]. */
export function integer(min: number, max: number): Kind<number> {
  const expected = `an integer from ${min} to ${max}`;
  return {
    name: expected,
    json: { type: 'integer', minimum: min, maximum: max },
    read(value, path, fault) {
      if (typeof value !== 'bigint') throw fault('KEEP_TYPE', path, { expected, found: describe(value) });
      if (value < BigInt(min) || value > BigInt(max)) {
        throw fault('KEEP_VALUE', path, { expected, found: String(value) });
      }
      return Number(value);
    },
  };
}

/** A size in bytes, within [min, max] and a multiple of `unit`: an integer, or a text such as "256MiB". */
export function size(min: bigint, max: bigint, unit: bigint): Kind<bigint> {
  const bounds = `from ${formatSize(min)} to ${formatSize(max)}, a multiple of ${formatSize(unit)}`;
  const expected = `a size such as "256MiB", ${bounds}`;
  return {
    name: expected,
    json: {
      oneOf: [
        { type: 'integer', minimum: Number(min), maximum: Number(max), multipleOf: Number(unit) },
        { type: 'string', pattern: '^(0|[1-9][0-9]*) ?([KMGT]iB|B)$' },
      ],
    },
    read(value, path, fault) {
      if (typeof value !== 'string' && typeof value !== 'bigint') {
        throw fault('KEEP_TYPE', path, { expected, found: describe(value) });
      }
      const bytes = typeof value === 'string' ? parseSize(value) : value;
      if (bytes === undefined || bytes < min || bytes > max || bytes % unit !== 0n) {
        throw fault('KEEP_VALUE', path, { expected, found: describe(value) });
      }
      return bytes;
    },
  };
}

/** True or false. */
export function boolean(): Kind<boolean> {
  return {
    name: 'true or false',
    json: { type: 'boolean' },
    read(value, path, fault) {
      if (typeof value === 'boolean') return value;
      throw fault('KEEP_TYPE', path, { expected: 'true or false', found: describe(value) });
    },
  };
}

/** One of some texts or integers. */
export function choice<const T extends string | number>(...allowed: readonly T[]): Kind<T> {
  const shown = allowed.map((one) => JSON.stringify(one)).join(' or ');
  return {
    name: shown,
    json: { enum: allowed },
    read(value, path, fault) {
      const plain = typeof value === 'bigint' ? Number(value) : value;
      const match = allowed.find((one) => one === plain);
      if (match !== undefined) return match;
      const near = typeof value === 'string' ? nearest(value, allowed.map(String)) : undefined;
      const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
      const code = typeof plain === typeof allowed[0] ? 'KEEP_VALUE' : 'KEEP_TYPE';
      throw fault(code, path, { expected: shown + hint, found: describe(value) });
    },
  };
}

/** An array of `one`. */
export function arrayOf<T>(one: Kind<T>, name: string): Kind<readonly T[]> {
  return {
    name,
    json: { type: 'array', items: one.json },
    read(value, path, fault) {
      if (!Array.isArray(value)) throw fault('KEEP_TYPE', path, { expected: name, found: describe(value) });
      return value.map((item: unknown, i) => one.read(item, [...path, i], fault));
    },
  };
}

/** The word `host`, or `other`. */
export function hostOr<T>(other: Kind<T>): Kind<T | 'host'> {
  return {
    name: `${other.name}, or "host"`,
    json: { oneOf: [{ const: 'host' }, other.json] },
    read(value, path, fault) {
      if (value === 'host') return 'host';
      if (typeof value === 'string') {
        throw fault('KEEP_VALUE', path, { expected: `${other.name}, or "host"`, found: describe(value) });
      }
      return other.read(value, path, fault);
    },
  };
}
