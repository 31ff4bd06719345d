// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/binary` itself. */
export const BINARY_ERRORS = {
  HEX_INVALID: {
    exit: 2,
    reason: 'A text that should be hexadecimal has another character in it, or an odd number of digits.',
    fix: 'Give lower- or upper-case hex digits only, two for each byte, without 0x and without spaces.',
  },
  LAYOUT_INVALID: {
    exit: 2,
    reason: 'A byte layout has a gap, an overlap, or a size that its fields do not add up to.',
    fix: 'Compare the table with the manual that it cites; name every reserved range.',
  },
  STRUCT_TRUNCATED: {
    exit: 2,
    reason: 'The bytes end before the structure does.',
    fix: 'Check that the file was copied whole and that the offset is the one the format states.',
  },
  STRUCT_RESERVED: {
    exit: 2,
    reason: 'Bytes that the format reserves are not zero.',
    fix: 'The file is damaged, or of a newer revision than this version of Motte reads.',
  },
  STRUCT_VALUE: {
    exit: 2,
    reason: 'A value does not fit the field that it should be written to.',
    fix: 'Give a value within the range that the message names.',
  },
  RANGE_OVERFLOW: {
    exit: 2,
    reason: 'An offset and a length together pass the end of the file or of the address space.',
    fix: 'The file is damaged or was made to mislead; get it again from where it was built.',
  },
  NUMBER_UNSAFE: {
    exit: 2,
    reason: 'A 64-bit number is too large to be a length or an index.',
    fix: 'The file is damaged or was made to mislead; lengths stay below 2^53.',
  },
} as const;
