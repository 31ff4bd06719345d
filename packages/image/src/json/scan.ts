// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';

/** Deeper nesting than any part of an image has. */
const MOST_DEPTH = 16;

/** A string, a mark of structure, or anything else between two of them. The text is valid JSON already. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** An object or array that is open: the keys so far, or `undefined` for an array. */
interface Open {
  readonly keys: Set<string> | undefined;
  /** The next string is a key. */
  expectsKey: boolean;
}

/** Offset in UTF-8 of a position in the text. */
function byteOffset(text: string, at: number): number {
  return new TextEncoder().encode(text.slice(0, at)).length;
}

/**
 * Refuses a key that an object of `text` has twice, at any depth, by its name (escapes resolved) and place; JSON.parse
 * would silently take the last. `text` must be valid JSON. Throws IMAGE_DUPLICATE_KEY, IMAGE_JSON.
 */
export function checkKeys(text: string, field: string): void {
  const open: Open[] = [];
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const here = open.at(-1);
    if (token === '{' || token === '[') {
      if (open.length === MOST_DEPTH) {
        const expected = `at most ${MOST_DEPTH} levels`;
        throw new MotteError('IMAGE_JSON', { field, expected, offset: byteOffset(text, index) });
      }
      open.push({ keys: token === '{' ? new Set() : undefined, expectsKey: token === '{' });
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ',' && here?.keys !== undefined) {
      here.expectsKey = true;
    } else if (here?.expectsKey === true && here.keys !== undefined) {
      here.expectsKey = false;
      const key = JSON.parse(token) as string;
      if (here.keys.has(key)) {
        throw new MotteError('IMAGE_DUPLICATE_KEY', {
          field: `${field}: ${key}`,
          expected: 'each key once',
          found: 'it twice',
          offset: byteOffset(text, index),
        });
      }
      here.keys.add(key);
    }
  }
}
