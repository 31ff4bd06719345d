// SPDX-License-Identifier: Apache-2.0

/** Why no command can run in a machine of scripts/tcg. */
export type TcgErrorCode =
  /** Something is not on this machine; the message has the line that brings it. */
  | 'TCG_MISSING'
  /** The machine did not start, twice. */
  | 'TCG_BOOT'
  /** The machine ended while commands ran in it; they are not run again. */
  | 'TCG_LOST'
  /** A directory cannot be made writable in it. */
  | 'TCG_MOUNT'
  /** The machine cannot execute the command; `errno` says why. */
  | 'TCG_COMMAND';

export class TcgError extends Error {
  constructor(
    readonly code: TcgErrorCode,
    message: string,
    readonly errno?: number,
  ) {
    super(message);
    this.name = 'TcgError';
  }
}
