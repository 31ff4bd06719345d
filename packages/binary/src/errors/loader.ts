// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/loader`. */
export const LOADER_ERRORS = {} as const;
