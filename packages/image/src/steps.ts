// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { Steps } from '@motte/binary/steps';
import { setImmediate } from 'node:timers/promises';

/** Others run at least this often, in milliseconds. */
const TURN_MS = 20;

/**
 * Does the steps of `work`, lets others run meanwhile, and stops when `signal` fires: what `work` has begun is undone.
 * Rejects with what `work` throws, or with IMAGE_ABORTED.
 */
export async function runSteps<T>(work: Steps<T>, signal: AbortSignal | undefined): Promise<T> {
  let turn = performance.now();
  for (;;) {
    if (signal?.aborted === true) work.throw(new MotteError('IMAGE_ABORTED', { cause: signal.reason }));
    const { done, value } = work.next();
    if (done === true) return value;
    if (performance.now() - turn > TURN_MS) {
      await setImmediate();
      turn = performance.now();
    }
  }
}
