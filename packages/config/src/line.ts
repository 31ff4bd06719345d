// SPDX-License-Identifier: Apache-2.0
import { parse } from 'smol-toml';

/** A place in a TOML document: keys and indexes from the root. */
export type Path = readonly (string | number)[];

/** `files[0].mode`; keys that are not bare are quoted. */
export function pathText(path: Path): string {
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`;
      const key = /^[A-Za-z0-9_-]+$/.test(step) ? step : JSON.stringify(step);
      return i === 0 ? key : `.${key}`;
    })
    .join('');
}

function has(root: unknown, path: Path): boolean {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false;
    value = (value as Record<string | number, unknown>)[step];
  }
  return true;
}

/** Lines up to which a line is looked for: each try parses the text before it again. */
const MOST_LINES = 500;

/**
 * The line (from 1) on which the statement begins that gives `path` a value. The parser tells no positions of
 * values, so this finds the shortest run of whole lines that parses and has the value; the statement begins
 * after the last shorter run that parses. It only runs when there is an error to report.
 */
export function lineOf(text: string, path: Path): number | undefined {
  const lines = text.split('\n').slice(0, MOST_LINES);
  let end = 0;
  let whole = 0;
  for (const [index, line] of lines.entries()) {
    end += line.length + 1;
    try {
      const root = parse(text.slice(0, end), { integersAsBigInt: true, unsafeKeyBehaviour: 'throw' });
      if (has(root, path)) return whole + 1;
      whole = index + 1;
    } catch {
      // the statement goes on in the next line
    }
  }
  return undefined;
}
