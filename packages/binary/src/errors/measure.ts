// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/measure`; what is wrong with a plan has a code of `@motte/plan`. */
export const MEASURE_ERRORS = {
  CCEL_TABLE: {
    exit: 2,
    reason: 'The file is not the ACPI table CCEL of a TDX guest, or it is damaged.',
    fix: 'Read it again from the guest: /sys/firmware/acpi/tables/CCEL.',
  },
  EVENT_LOG: {
    exit: 2,
    reason: 'An event log is damaged, or is not of the format that TDX guests write.',
    fix: 'Read it again from the guest: /sys/firmware/acpi/tables/data/CCEL.',
  },
  KEYSTONE_FILE: {
    exit: 2,
    reason: 'A Keystone enclave or security monitor cannot be made of this file.',
    fix: 'Give the files as `keystone-enclave` builds them: RISC-V ELF files for the 2022 format, any bytes today.',
  },
  PAGE_LIST: {
    exit: 2,
    reason: 'The file is not a list of launch pages.',
    fix: 'Write it as docs/measure.md says; offsets count in the file that the list names, which lies beside it.',
  },
  SANCTUM_OPERATION: {
    exit: 2,
    reason: 'The list of operations is not one that the Sanctum monitor would measure.',
    fix: 'Give each operation the fields that the monitor’s call of that name takes, in the order of the calls.',
  },
  FDT: {
    exit: 2,
    reason: 'The file is not a flattened device tree, version 17, or it is damaged.',
    fix: 'Get it again; version 16 and trees with gaps, NOPs or memory reservations are not read.',
  },
  ESM_DIGESTS: {
    exit: 2,
    reason:
      'The digests that an ESM blob carries are not those of a kernel, an initrd, boot arguments and RTAS.',
    fix: 'Make the blob again: `motte pef make`.',
  },
  PEF_INPUT: {
    exit: 2,
    reason: 'An ESM blob cannot be made of this kernel, command line or initrd.',
    fix: 'Give a little-endian ELF64 vmlinux for PowerPC, or a flat image, and arguments without NUL.',
  },
  CPIO: {
    exit: 2,
    reason: 'The file does not start with a cpio archive of the newc format, or the archive is damaged.',
    fix: 'Give the initrd with the ESM blob in front of it, as `motte pef make` writes it.',
  },
} as const;
