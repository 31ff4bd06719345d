// SPDX-License-Identifier: Apache-2.0
// Where a fence is missing: followed over all ways through a function.
import { ALL, NONE } from './registers.js';
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
}

/** What is pending behind an instruction that was reached with `before` pending. */
function after({ effects, kind }: Step<unknown>, before: Registers): Registers {
  if (kind === 'fence') return NONE;
  // A function returns behind a fence, and was called with nothing pending.
  if (kind === 'call') return NONE;
  const made = effects.loads || (before & effects.from) !== NONE;
  return made ? before | effects.to : before & ~effects.to;
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
  const heads = new Set(loops ? targets.filter((to, i) => to !== undefined && to <= i) : []);
  const jumped = new Map<number, Registers>();
  const missing = { before: new Set<number>(), above: new Set<number>() };
  for (let changed = true; changed;) {
    changed = false;
    let pending = NONE;
    steps.forEach((step, i) => {
      if (heads.has(i) && pending !== NONE) missing.above.add(i);
      if (missing.above.has(i)) pending = NONE;
      pending |= jumped.get(i) ?? NONE;
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

/** A jump to what is not here leaves with all that it has. */
function exposed({ effects, target }: Step<unknown>, to: number | undefined): Registers {
  return target !== undefined && to === undefined ? ALL : effects.exposes;
}
