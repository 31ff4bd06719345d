// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/elf`. */
export const ELF_ERRORS = {} as const;
