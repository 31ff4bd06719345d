// SPDX-License-Identifier: Apache-2.0
import { MotteError } from './error.js';
import type { ErrorCode } from './error.js';

/** Most characters of a value that an error shows. */
const SHOWN = 40;

function shown(value: unknown): string {
  if (value === undefined) return 'none';
  const text = JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/**
 * An object of a JSON file, read strictly: a member is asked for by its name and must be of its kind, and
 * `only` refuses all others. Throws errors of the code that it was made with, naming the member's path.
 */
export class JsonObject {
  readonly #members: ReadonlyMap<string, unknown>;

  constructor(
    json: unknown,
    readonly path: string,
    readonly code: ErrorCode,
  ) {
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      throw new MotteError(code, {
        field: path === '' ? 'file' : path,
        expected: 'an object',
        found: shown(json),
      });
    this.#members = new Map(Object.entries(json));
  }

  /** An error about a member. */
  bad(name: string, expected: string, found: string = shown(this.#members.get(name))): MotteError {
    const field = this.path === '' ? name : `${this.path}.${name}`;
    return new MotteError(this.code, { field, expected, found });
  }

  /** Refuses members of other names. */
  only(names: readonly string[]): this {
    for (const name of this.#members.keys())
      if (!names.includes(name)) throw this.bad(name, `one of ${names.join(', ')}`, 'another member');
    return this;
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  text(name: string): string {
    const value = this.#members.get(name);
    if (typeof value !== 'string') throw this.bad(name, 'a text');
    return value;
  }

  /** A whole number that is not negative, as such or as a text in decimal or 0x… */
  integer(name: string): bigint {
    const value = this.#members.get(name);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
    if (typeof value === 'string' && /^(?:0x[0-9a-f]{1,16}|[0-9]{1,20})$/iu.test(value)) return BigInt(value);
    throw this.bad(name, 'a whole number, or a text with one in decimal or 0x…');
  }

  /** An array of objects. */
  objects(name: string): JsonObject[] {
    const value = this.#members.get(name);
    if (!Array.isArray(value)) throw this.bad(name, 'an array');
    const path = this.path === '' ? name : `${this.path}.${name}`;
    return value.map((item, i) => new JsonObject(item, `${path}[${i}]`, this.code));
  }
}
