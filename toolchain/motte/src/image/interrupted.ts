// SPDX-License-Identifier: Apache-2.0
import type { Outcome } from '../grammar/command.js';
import { watchSignals } from '../keep/signals.js';

/** Does `work`, which a signal aborts: then nothing is left behind, and the exit status is 128 + the signal. */
export async function interruptible(work: (signal: AbortSignal) => Promise<Outcome>): Promise<Outcome> {
  const watch = watchSignals();
  try {
    return await work(watch.signal);
  } catch (error) {
    const status = watch.status();
    if (status === undefined) throw error;
    return { result: undefined, text: '', exit: status };
  } finally {
    watch.release();
  }
}
