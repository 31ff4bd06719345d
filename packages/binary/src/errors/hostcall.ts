// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/hostcall`. */
export const HOSTCALL_ERRORS = {
  HOSTCALL_TABLE: {
    exit: 2,
    reason: 'A row of the host-call table contradicts itself or another row.',
    fix: 'Correct the row that the message names, in packages/hostcall/src/rows.',
  },
} as const;
