// SPDX-License-Identifier: Apache-2.0

/**
 * Long work that is done a step at a time: whoever drives it decides between two steps whether to go on, to let others
 * run, or to stop. Stopping runs its `finally` blocks, so that nothing is left behind.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Does all steps at once and returns what they come to. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
