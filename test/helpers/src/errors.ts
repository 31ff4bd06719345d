// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';

/** The code of the MotteError that `run` throws, or `accepted`; any other error passes through. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof MotteError) return error.code;
    throw error;
  }
  return 'accepted';
}

/** As `codeOf`, with the field: `CODE field`. */
export function codeAndField(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof MotteError) return `${error.code} ${error.field ?? ''}`.trim();
    throw error;
  }
  return 'accepted';
}

/** The MotteError that `run` throws; any other error, or none, is a failure. */
export function refusalOf(run: () => unknown): MotteError {
  try {
    run();
  } catch (error) {
    if (error instanceof MotteError) return error;
    throw error;
  }
  throw new Error('accepted what must be refused');
}
