// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A JSON object whose members are looked up by name; tests know the shape from the vectors' README. */
export type Meta = Readonly<Record<string, unknown>>;

/** A folder of vectors: files by the names that its JSON uses. */
export interface VectorFolder {
  readonly name: string;
  /** The file as it is meant to be read: unpacked, where `NAME.gz` is stored. */
  file(name: string): Uint8Array;
  json(name: string): Meta;
}

/** Opens the folder `name` below `root`; `undefined` when it is not there. */
export function openFolder(root: string, name: string): VectorFolder | undefined {
  const folder = join(root, name);
  if (!existsSync(join(folder, 'meta.json'))) return undefined;
  const file = (path: string): Uint8Array => {
    const plain = join(folder, path);
    const stored = existsSync(plain) ? plain : `${plain}.gz`;
    const bytes = readFileSync(stored);
    return new Uint8Array(stored.endsWith('.gz') ? gunzipSync(bytes) : bytes);
  };
  return {
    name,
    file,
    json: (path) => object(JSON.parse(new TextDecoder().decode(file(path))), path),
  };
}

/**
 * `value` as an object. Throws, naming it, for anything else: a vector that is not understood must not pass.
 */
export function object(value: unknown, what: string): Meta {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what}: no object`);
  return value as Meta;
}

/** `value` as an array of objects; `undefined` is an empty one. */
export function objects(value: unknown, what: string): Meta[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`${what}: no array`);
  return value.map((item, i) => object(item, `${what}[${i}]`));
}

/** A member that is a text. */
export function text(meta: Meta, name: string): string {
  const value = meta[name];
  if (typeof value !== 'string') throw new Error(`${name}: no text`);
  return value;
}

/** SHA-256 in hex, by node:crypto: not the code that is tested. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What became of one row of a folder. */
export interface RowResult {
  readonly id: string;
  /** Empty: passed. */
  readonly failures: readonly string[];
}

/** Collects what is wrong with a row. */
export class Row {
  readonly failures: string[] = [];

  /** Notes a difference between what was found and what the vector expects. */
  equal(what: string, found: unknown, expected: unknown): void {
    const show = (value: unknown): string =>
      JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? `0x${v.toString(16)}` : v));
    if (show(found) !== show(expected))
      this.failures.push(`${what}: ${show(found)}, expected ${show(expected)}`);
  }

  fail(what: string): void {
    this.failures.push(what);
  }
}

/** Runs the checks of one row; what they throw is a failure of that row alone. */
export function checkRow(id: string, check: (row: Row) => void): RowResult {
  const row = new Row();
  try {
    check(row);
  } catch (error) {
    row.fail(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
  return { id, failures: row.failures };
}
