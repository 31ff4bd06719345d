// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/plan`. */
export const PLAN_ERRORS = {} as const;
