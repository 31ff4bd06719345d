// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';

/** The signals that end a Keep. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Signals being watched for. */
export interface Watch {
  /** Fires when one came. */
  readonly signal: AbortSignal;
  /** The exit status because of it, 128 + n. */
  status(): number | undefined;
  release(): void;
}

/** Watches for the signals that tell us to end, so that the Keep ends first; the second one does not wait. */
export function watchSignals(): Watch {
  const controller = new AbortController();
  let status: number | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    if (status !== undefined) process.exit(status);
    status = 128 + constants.signals[name];
    controller.abort();
  };
  for (const name of ENDING) process.on(name, onSignal);
  return {
    signal: controller.signal,
    status: () => status,
    release() {
      for (const name of ENDING) process.removeListener(name, onSignal);
    },
  };
}
