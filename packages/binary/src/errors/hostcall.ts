// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/hostcall`. */
export const HOSTCALL_ERRORS = {} as const;
