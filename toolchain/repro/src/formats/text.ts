// SPDX-License-Identifier: Apache-2.0
import { asText, firstDifference } from '../bytes.js';
import { looksLike, reordered } from '../looks.js';
import type { Place } from '../place.js';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** The path of the first value in which two JSON values differ; an object's keys count in their order. */
function differingKey(a: unknown, b: unknown, path: string): string | undefined {
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b))
    return Object.is(a, b) ? undefined : path;
  const [left, right] = [Object.keys(a), Object.keys(b)];
  for (const [i, key] of left.entries()) {
    const here = Array.isArray(a) ? `${path}[${key}]` : `${path}.${key}`;
    if (right[i] !== key) return here;
    const found = differingKey(a[key], b[key], here);
    if (found !== undefined) return found;
  }
  return left.length === right.length ? undefined : path;
}

function keyOf(a: string, b: string): string | undefined {
  if (!/^\s*[[{]/.test(a)) return undefined;
  try {
    return differingKey(JSON.parse(a), JSON.parse(b), '$');
  } catch {
    return undefined; // no JSON
  }
}

const SHOWN = 200;

/** Where two texts differ; undefined when one is none. */
export function placeInText(a: Uint8Array, b: Uint8Array): Place | undefined {
  const [left, right] = [asText(a), asText(b)];
  if (left === undefined || right === undefined) return undefined;
  const [leftLines, rightLines] = [left.split('\n'), right.split('\n')];
  const at = leftLines.findIndex((line, i) => line !== rightLines[i]);
  const line = at < 0 ? leftLines.length : at;
  const show = (lines: readonly string[]): string => (lines[line] ?? '(the end)').slice(0, SHOWN);
  const [first, second] = [show(leftLines), show(rightLines)];
  const key = keyOf(left, right);
  const words = (text: string): string[] => text.split(/[\s,;:]+/).filter((word) => word !== '');
  const moved = reordered(leftLines, rightLines) || reordered(words(left), words(right));
  const looks = moved ? 'order' : looksLike(first, second);
  return {
    offset: firstDifference(a, b),
    line: line + 1,
    ...(key === undefined ? {} : { key }),
    first,
    second,
    ...(looks === undefined ? {} : { looks }),
  };
}
