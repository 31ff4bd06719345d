// SPDX-License-Identifier: Apache-2.0
import type { Keep } from '@motte/loader/load';
import { constants } from 'node:os';

/** The signals that end a Keep. The terminal's reach its whole process group. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Signals being watched for. */
export interface Watch {
  /** The exit status because of a signal that came, 128 + n. */
  received(): number | undefined;
  release(): void;
}

/** Ends the Keep when one of us is told to end, so that nothing is left behind; the second signal does not wait. */
export function abortOnSignals(keep: Keep): Watch {
  let status: number | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    if (status !== undefined) process.exit(status);
    status = 128 + constants.signals[name];
    keep.abort();
  };
  for (const name of ENDING) process.on(name, onSignal);
  return {
    received: () => status,
    release() {
      for (const name of ENDING) process.removeListener(name, onSignal);
    },
  };
}
