// SPDX-License-Identifier: Apache-2.0
// The one form of each JSON part: UTF-8 without a mark, no spaces, keys in the order of the schema, texts escaped as
// JSON.stringify does, no newline at the end. What has one form has one digest.
import { MotteError } from '@motte/binary/error';
import type { GenericSchema } from 'valibot';
import { checkKeys } from './scan.js';
import { checkSchema } from './validate.js';

function textOf(bytes: Uint8Array, field: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new MotteError('IMAGE_JSON', { field, expected: 'UTF-8', found: 'other bytes', cause });
  }
}

function parsed(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new MotteError('IMAGE_JSON', { field, expected: 'JSON', found: message, cause });
  }
}

/** The canonical bytes of `value`, checked against its schema. The caller owns them. Throws IMAGE_FIELD. */
export function writeJson<T>(schema: GenericSchema<T>, value: T, field: string): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(checkSchema(schema, value, field)));
}

/** Throws IMAGE_CANONICAL, with the first byte that differs, unless `bytes` are `canonical`. */
export function checkCanonical(bytes: Uint8Array, canonical: Uint8Array, field: string): void {
  const shorter = Math.min(bytes.length, canonical.length);
  let at = 0;
  while (at < shorter && bytes[at] === canonical[at]) at++;
  if (at === bytes.length && at === canonical.length) return;
  const around = (from: Uint8Array): string =>
    JSON.stringify(new TextDecoder().decode(from.subarray(Math.max(0, at - 8), at + 16)));
  throw new MotteError('IMAGE_CANONICAL', {
    field,
    expected: around(canonical),
    found: around(bytes),
    offset: at,
  });
}

/**
 * What `bytes` say, in whatever form: strict UTF-8 and JSON, no key twice, nothing that the schema does not know. Throws
 * IMAGE_JSON, IMAGE_DUPLICATE_KEY, IMAGE_FIELD, IMAGE_DIGEST_ALGORITHM.
 */
export function readLooseJson<T>(schema: GenericSchema<T>, bytes: Uint8Array, field: string): T {
  const text = textOf(bytes, field);
  const value = parsed(text, field);
  checkKeys(text, field);
  return checkSchema(schema, value, field);
}

/** As `readLooseJson`, if they are the canonical form of it. Throws IMAGE_CANONICAL, too. */
export function readJson<T>(schema: GenericSchema<T>, bytes: Uint8Array, field: string): T {
  const value = readLooseJson(schema, bytes, field);
  checkCanonical(bytes, new TextEncoder().encode(JSON.stringify(value)), field);
  return value;
}
