// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/shim`. */
export const SHIM_ERRORS = {} as const;
