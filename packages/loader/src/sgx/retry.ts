// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import { MotteError } from '@motte/binary/error';
import { driverError } from './errors.js';
import type { Partial } from '../native.js';

/** Codes that say: nothing is wrong, ask again. */
const AGAIN: ReadonlySet<string> = new Set(['EINTR', 'EAGAIN', 'ERESTARTSYS']);

/** Calls in a row without progress before the driver is taken to be stuck. */
export const STALLS = 64;

/**
 * Repeats an ioctl that may do a part of its work until `length` bytes are done: the one place where the driver's
 * partial counts are understood. `step(done, left)` does `left` bytes from `done` on. Throws SGX_DRIVER, or what
 * `driverError` makes of the code.
 */
export function untilDone(
  operation: string,
  length: number,
  step: (done: number, left: number) => Partial,
): void {
  let stalls = 0;
  for (let done = 0; done < length;) {
    const left = length - done;
    const { count, code } = step(done, left);
    if (!Number.isSafeInteger(count) || count < 0 || count > left || count % PAGE_SIZE !== 0) {
      throw new MotteError('SGX_DRIVER', {
        field: operation,
        message: 'the driver reports a count that cannot be',
        expected: `whole pages, at most ${left} bytes`,
        found: count,
      });
    }
    done += count;
    if (code !== null && !AGAIN.has(code)) throw driverError(operation, code);
    stalls = count === 0 ? stalls + 1 : 0;
    if (stalls === STALLS) {
      throw new MotteError('SGX_DRIVER', {
        field: operation,
        message: `the driver makes no progress in ${STALLS} calls`,
        found: code ?? 'no error',
      });
    }
  }
}

/** Repeats `call` while it fails only because a signal came. */
export function unlessInterrupted<T>(
  operation: string,
  call: () => T,
  codeOf: (error: unknown) => string | undefined,
): T {
  for (let tries = 1; ; tries++) {
    try {
      return call();
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      if (!AGAIN.has(code) || tries === STALLS) throw driverError(operation, code, error);
    }
  }
}
