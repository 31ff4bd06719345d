// SPDX-License-Identifier: Apache-2.0

/** The signal that Linux makes of each vector of ring 3 (arch/x86/kernel/traps.c); of all others a Keep ends. */
export const VECTOR_SIGNALS: Readonly<Record<number, number>> = {
  0: 8,
  1: 5,
  3: 5,
  4: 11,
  5: 11,
  6: 4,
  10: 11,
  11: 7,
  12: 7,
  13: 11,
  14: 11,
  16: 8,
  17: 7,
  19: 8,
};
