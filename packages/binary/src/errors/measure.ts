// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/measure`; what is wrong with a plan has a code of `@motte/plan`. */
export const MEASURE_ERRORS = {} as const;
