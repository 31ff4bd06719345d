// SPDX-License-Identifier: Apache-2.0
import type { Settings } from '../core/job.js';
import type { Files, Reply, Request } from '../messages.js';

/** The worker's code, which the build puts here: a page of one file has no other to name. */
declare const WORKER_CODE: string;

/** A measurement that runs, or has run and still serves the rows of its tables. */
export interface Measurement {
  send(request: Request): void;
  end(): void;
}

/** Starts a worker of its own for a measurement; `fail` is told of a worker that did not start, or died. */
export function startMeasurement(
  files: Files,
  settings: Settings,
  hear: (reply: Reply) => void,
  fail: (message: string) => void,
): Measurement {
  const url = URL.createObjectURL(new Blob([WORKER_CODE], { type: 'text/javascript' }));
  const worker = new Worker(url);
  const send = (request: Request): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin to name
    worker.postMessage(request);
  };
  worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => hear(data));
  worker.addEventListener('error', ({ message }) => fail(message));
  send({ type: 'measure', files, settings });
  return {
    send,
    end() {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
