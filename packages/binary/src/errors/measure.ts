// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/measure`; what is wrong with a plan has a code of `@motte/plan`. */
export const MEASURE_ERRORS = {
  EVENT_LOG: {
    exit: 2,
    reason: 'An event log is damaged, or is not of the format that TDX guests write.',
    fix: 'Read it again from the guest: /sys/firmware/acpi/tables/data/CCEL.',
  },
} as const;
