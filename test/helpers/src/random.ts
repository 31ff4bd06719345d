// SPDX-License-Identifier: Apache-2.0

/** Numbers by chance that one seed repeats. */
export interface Random {
  /** A whole number from 0 to `end - 1`; `end` is at most 2^32. */
  below(end: number): number;
  /** One of `items`, of which there is one at least. */
  pick<T>(items: readonly T[]): T;
}

/** Marsaglia's xorshift with 32 bits of state: fuzzing needs no better. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  // Small seeds start with small numbers.
  for (let i = 0; i < 8; i++) next();
  const below = (end: number): number => Math.floor((next() / 2 ** 32) * end);
  return { below, pick: (items) => items[below(items.length)] as (typeof items)[number] };
}

/** A seed for a name, so that each fuzzer has its own sequence in every run. */
export function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
