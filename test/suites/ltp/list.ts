// SPDX-License-Identifier: Apache-2.0
// The committed list of tests that are unsupported, which only shrinks: `NAME  reason`, sorted by name.
import type { Verdict } from '../verdict.js';

/** Tests and why each is unsupported. */
export type Unsupported = ReadonlyMap<string, string>;

const HEAD = [
  '# Tests of the Linux Test Project that a Keep does not pass, and why. Kept by `scripts/suites ltp DIR --update`.',
  '# Reasons that begin with "limit: " were written by hand: the test makes documented calls only, and wants of one what',
  '# the column "differs from Linux" of docs/syscalls.md or docs/LIMITATIONS.md says that a Keep does not do.',
];

/** Begins a reason that a person gave for a test that makes documented calls only. */
export const LIMIT = 'limit: ';

export function readList(text: string): Unsupported {
  const list = new Map<string, string>();
  let last = '';
  for (const [i, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name, reason] = /^(\S.*?) {2,}(\S.*)$/.exec(line) ?? [];
    if (name === undefined || reason === undefined)
      throw new Error(`line ${i + 1}: not "NAME  reason": ${line}`);
    if (name <= last) throw new Error(`line ${i + 1}: ${name} does not come after ${last}`);
    list.set(name, reason);
    last = name;
  }
  return list;
}

export function writeList(list: Unsupported): string {
  const names = [...list.keys()].toSorted((a, b) => (a < b ? -1 : 1));
  return [...HEAD, ...names.map((name) => `${name}  ${list.get(name)}`), ''].join('\n');
}

/** What the list makes of a verdict: a failure that a person has explained is unsupported. */
export function judged(list: Unsupported, name: string, found: Verdict): Verdict {
  const known = list.get(name);
  if (found.kind !== 'failed' || known === undefined || !known.startsWith(LIMIT)) return found;
  return { kind: 'unsupported', why: known };
}

export interface Compared {
  /** Listed, and passes: the line has to go. */
  readonly better: readonly string[];
  /** Unsupported, and not listed. */
  readonly worse: readonly string[];
}

/** Of the tests that ran, what the list does not say as it is. */
export function compared(list: Unsupported, verdicts: ReadonlyMap<string, Verdict>): Compared {
  const where = (wanted: Verdict['kind'], listed: boolean): string[] =>
    [...verdicts]
      .filter(([name, { kind }]) => kind === wanted && list.has(name) === listed)
      .map(([name]) => name);
  return { better: where('passed', true), worse: where('unsupported', false) };
}

/** The list after a run: what passes is gone, what is unsupported is there with today's reason, what did not run stays. */
export function updated(list: Unsupported, verdicts: ReadonlyMap<string, Verdict>): Unsupported {
  const next = new Map(list);
  for (const [name, { kind, why }] of verdicts) {
    if (kind === 'passed') next.delete(name);
    else if (kind === 'unsupported') next.set(name, why);
  }
  return next;
}
