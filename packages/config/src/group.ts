// SPDX-License-Identifier: Apache-2.0
import { describe } from './kind.js';
import type { Fault, JsonSchema, Kind } from './kind.js';
import type { Path } from './line.js';
import { nearest } from './nearest.js';

/**
 * Who vouches for a value: `measured` stands in a digest that the CPU reports, `attested` stands in its report
 * as such, `untrusted` is the host's to choose.
 */
export type Trust = 'measured' | 'attested' | 'untrusted';

/** A key of Keep.toml. */
export interface Key<T> {
  readonly kind: Kind<T>;
  /** What it is when it is not given; a key without one must be given. */
  readonly fallback?: T;
  readonly trust: Trust;
  /** Where evidence shows it. */
  readonly where: string;
  readonly doc: string;
  /** A value as it stands in Keep.toml. */
  readonly example: string;
}

/** The keys of a table, one for each member of its type. */
export type Group<T> = { readonly [K in keyof T]-?: Key<T[K]> };

/** Every key of a group with its name. */
export function keysOf(group: Group<object>): [string, Key<unknown>][] {
  return Object.entries(group);
}

/** Reads a table strictly: unknown keys are refused, keys that are not given take their fallback. */
export function readGroup<T extends object>(group: Group<T>, value: unknown, path: Path, fault: Fault): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) {
    throw fault('KEEP_TYPE', path, { expected: 'a table', found: describe(value) });
  }
  const keys = new Map(keysOf(group));
  for (const name of Object.keys(value)) {
    if (keys.has(name)) continue;
    const near = nearest(name, keys.keys());
    throw fault('KEEP_UNKNOWN_KEY', [...path, name], {
      expected: `one of ${[...keys.keys()].join(', ')}`,
      message: near === undefined ? 'there is no such key' : `there is no such key; did you mean ${near}?`,
    });
  }
  const out: Record<string, unknown> = {};
  for (const [name, key] of keys) {
    if (Object.hasOwn(value, name)) {
      out[name] = key.kind.read((value as Record<string, unknown>)[name], [...path, name], fault);
    } else if (Object.hasOwn(key, 'fallback')) {
      out[name] = key.fallback;
    } else {
      throw fault('KEEP_MISSING', path, { expected: `a key ${name}: ${key.kind.name}` });
    }
  }
  return out as T;
}

/** The JSON schema of a group. */
export function groupSchema(group: Group<object>): JsonSchema {
  const keys = keysOf(group);
  const required = keys.filter(([, key]) => !Object.hasOwn(key, 'fallback')).map(([name]) => name);
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(
      keys.map(([name, key]) => [
        name,
        { description: key.doc, ...key.kind.json, 'x-trust': key.trust, 'x-where': key.where },
      ]),
    ),
  };
}

/** A table with the keys of a group. */
export function table<T extends object>(group: Group<T>): Kind<T> & { readonly group: Group<T> } {
  return {
    name: 'a table',
    json: groupSchema(group),
    group,
    read: (value, path, fault) => readGroup(group, value, path, fault),
  };
}
