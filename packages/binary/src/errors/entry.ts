// SPDX-License-Identifier: Apache-2.0

/**
 * The class of a failure: the exit status that a command ends with.
 * 1 the answer is no, 2 bad input, 3 signature or chain, 4 revoked or out of date, 6 platform missing,
 * 7 the Keep ended abnormally, 64 usage.
 */
export type FailureClass = 1 | 2 | 3 | 4 | 6 | 7 | 64;

/** What is known of one error code beforehand; `docs/errors.md` and `motte explain` print it. */
export interface ErrorEntry {
  /** The exit status of a command that ends with this error. */
  readonly exit: FailureClass;
  /** The usual reason, one sentence. */
  readonly reason: string;
  /** What puts it right, one sentence. */
  readonly fix: string;
}
