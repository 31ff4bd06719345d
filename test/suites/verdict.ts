// SPDX-License-Identifier: Apache-2.0
// What a test of somebody else's comes to, beside its native run.

/**
 * `passed`: it passes natively and inside. `failed`: it passes natively, and should inside, and does not. `unsupported`: it
 * needs what a Keep has not. `elsewhere`: it does not pass natively on this machine, which says nothing of Keeps.
 */
export type Kind = 'passed' | 'failed' | 'unsupported' | 'elsewhere';

export interface Verdict {
  readonly kind: Kind;
  /** Why it did not pass; the empty text when it did. */
  readonly why: string;
}

export type Totals = Readonly<Record<Kind, number>>;

export function line(name: string, { kind, why }: Verdict): string {
  return `${kind.padEnd(11)}  ${name}${why === '' ? '' : `: ${why}`}`;
}

export function totals(verdicts: Iterable<Verdict>): Totals {
  const sums = { passed: 0, failed: 0, unsupported: 0, elsewhere: 0 };
  for (const { kind } of verdicts) sums[kind]++;
  return sums;
}
