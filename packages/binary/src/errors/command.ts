// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/command`. */
export const COMMAND_ERRORS = {} as const;
