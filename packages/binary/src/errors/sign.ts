// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/sign`. */
export const SIGN_ERRORS = {} as const;
