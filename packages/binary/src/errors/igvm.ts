// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/igvm`. */
export const IGVM_ERRORS = {
  IGVM_FORMAT: {
    exit: 2,
    reason: 'The file is no IGVM file, or its headers contradict each other.',
    fix: 'Make it again with the tool that made it; `motte export igvm` writes one of a Keep.',
  },
  IGVM_CHECKSUM: {
    exit: 2,
    reason: 'The headers of an IGVM file are damaged: their CRC-32 is another.',
    fix: 'Copy or make the file again.',
  },
  IGVM_UNSUPPORTED: {
    exit: 2,
    reason: 'An IGVM file uses a header, a version or a page size that this version does not know.',
    fix: 'Use a newer Motte, or make the file without it.',
  },
  IGVM_TOO_LARGE: {
    exit: 2,
    reason:
      'An IGVM file has a size field of 32 bits, its headers are read into memory, and its parameter areas are measured page by page.',
    fix: 'Leave pages out that are zeros: they need a header and no bytes. A parameter area of a gigabyte is a mistake.',
  },
  IGVM_PLATFORM: {
    exit: 2,
    reason: 'An IGVM file is not for SEV-SNP, so there is no launch digest of it.',
    fix: 'Make it with SEV-SNP among its platforms.',
  },
  IGVM_LOADER: {
    exit: 2,
    reason:
      'The loader that was named refuses this IGVM file, or launches something else than the file says.',
    fix: 'Name another loader (`--vmm-type`), or make the file as this one wants it: docs/igvm.md.',
  },
} as const;
