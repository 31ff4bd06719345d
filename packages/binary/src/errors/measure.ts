// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/measure`. */
export const MEASURE_ERRORS = {} as const;
