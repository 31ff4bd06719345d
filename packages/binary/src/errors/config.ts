// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/config`. */
export const CONFIG_ERRORS = {} as const;
