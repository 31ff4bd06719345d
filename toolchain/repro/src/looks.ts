// SPDX-License-Identifier: Apache-2.0
// What two excerpts look like, when nothing is known of how their files were built.
import type { Cause } from './variation.js';

const RULES: readonly { readonly cause: Cause; readonly pattern: RegExp }[] = [
  { cause: 'compiler', pattern: /GCC: \(|clang version \d|rustc version \d|GNU (C|C\+\+|AS) ?\d|LLD \d/ },
  { cause: 'path', pattern: /(?:^|[^\w.:/])\/[\w.+~-]+\/[\w.+~/-]*/ },
  {
    cause: 'clock',
    pattern:
      /\b(19|20)\d\d-\d\d-\d\d|\b\d\d:\d\d:\d\d\b|\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]?\d\b/,
  },
  { cause: 'clock', pattern: /(?:^|\D)[12]\d{9}(\d{3})?(?:\D|$)/ },
];

/** The first rule that fits both texts. */
export function looksLike(first: string, second: string): Cause | undefined {
  return RULES.find(({ pattern }) => pattern.test(first) && pattern.test(second))?.cause;
}

/** Whether two lists hold the same, in another order. */
export function reordered(first: readonly string[], second: readonly string[]): boolean {
  const sorted = (list: readonly string[]): string => JSON.stringify([...list].sort());
  return (
    first.length === second.length &&
    JSON.stringify(first) !== JSON.stringify(second) &&
    sorted(first) === sorted(second)
  );
}
