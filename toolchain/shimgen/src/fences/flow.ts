// SPDX-License-Identifier: Apache-2.0
// Where a fence is missing: followed over all ways through a function.
import { ALL, FLAGS, NONE } from './registers.js';
import type { Registers } from './registers.js';
import type { Effects } from './effects.js';

/** An instruction and how it is reached and left. */
export interface Step<Place> {
  readonly effects: Effects;
  /** What jumps name it by. */
  readonly places: readonly Place[];
  /** Where a jump goes. */
  readonly target?: Place;
  readonly kind: 'plain' | 'fence' | 'call' | 'end';
  /** A function starts here. */
  readonly entry: boolean;
}

/** What is pending behind an instruction that was reached with `before` pending. */
function after({ effects, kind }: Step<unknown>, before: Registers): Registers {
  if (kind === 'fence') return NONE;
  // A function returns behind a fence, and was called with nothing pending but flags.
  if (kind === 'call') return NONE;
  const made = effects.loads || (before & effects.from) !== NONE;
  return made ? before | effects.to : before & ~(effects.to & ~(effects.keeps ?? NONE));
}

/** Indexes of steps. */
export interface Missing {
  /** Between what leads to the step and the step itself. */
  readonly before: ReadonlySet<number>;
  /** Right behind the step above it. */
  readonly above: ReadonlySet<number>;
}

/**
 * Where a fence is missing: `before` a step that exposes a register which may hold a value whose load was not waited for.
 * Asked for loops, `above` a step that is jumped back to, where something is pending: it would else be in the loop.
 *
 * What is pending where ways meet only grows, so that this ends; a fence makes less of it, but none is taken back.
 */
export function missingFences<Place>(steps: readonly Step<Place>[], loops: boolean): Missing {
  const at = new Map<Place, number>();
  steps.forEach(({ places }, i) => {
    for (const place of places) at.set(place, i);
  });
  const targets = steps.map(({ target }) => (target === undefined ? undefined : at.get(target)));
  const heads = loops ? loopHeads(steps, targets) : new Set<number>();
  const jumped = new Map<number, Registers>();
  const missing = { before: new Set<number>(), above: new Set<number>() };
  for (let changed = true; changed;) {
    changed = false;
    let pending = NONE;
    steps.forEach((step, i) => {
      if (heads.has(i) && pending !== NONE) missing.above.add(i);
      if (missing.above.has(i)) pending = NONE;
      pending |= (jumped.get(i) ?? NONE) | (step.entry ? FLAGS : NONE);
      if ((pending & exposed(step, targets[i])) !== NONE) missing.before.add(i);
      if (missing.before.has(i)) pending = NONE;
      pending = after(step, pending);
      const to = targets[i];
      if (to !== undefined && (pending & ~(jumped.get(to) ?? NONE)) !== NONE) {
        jumped.set(to, (jumped.get(to) ?? NONE) | pending);
        changed = true;
      }
      if (step.kind === 'end') pending = NONE;
    });
  }
  return missing;
}

/** Where jumps go back to that are reached from there: a part that GCC has put out of the way jumps back as well. */
function loopHeads<Place>(
  steps: readonly Step<Place>[],
  targets: readonly (number | undefined)[],
): ReadonlySet<number> {
  const reaches = (from: number, to: number): boolean => {
    const seen = new Set<number>();
    for (const left = [from]; left.length > 0;) {
      const at = left.pop() ?? to;
      if (at === to) return true;
      if (seen.has(at)) continue;
      seen.add(at);
      const step = steps[at];
      if (step !== undefined && step.kind !== 'end') left.push(at + 1);
      const target = targets[at];
      if (target !== undefined) left.push(target);
    }
    return false;
  };
  const heads = targets.map((to, i) => (to !== undefined && to <= i && reaches(to, i) ? to : undefined));
  return new Set(heads.filter((to) => to !== undefined));
}

/** A jump to what is not here leaves with all that it has. */
function exposed({ effects, target }: Step<unknown>, to: number | undefined): Registers {
  return target !== undefined && to === undefined ? ALL : effects.exposes;
}
