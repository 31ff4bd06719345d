// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/config`. */
export const CONFIG_ERRORS = {
  KEEP_SYNTAX: {
    exit: 2,
    reason: 'Keep.toml is not TOML.',
    fix: 'Put right the line that the message names; `motte init` prints a Keep.toml that is.',
  },
  KEEP_UNKNOWN_KEY: {
    exit: 2,
    reason: 'Keep.toml has a key that there is not.',
    fix: 'Use the key that the message suggests, or see all of them with `motte schema keep`.',
  },
  KEEP_TYPE: {
    exit: 2,
    reason: 'A value in Keep.toml is of another type than its key takes.',
    fix: 'Write the value as the message says; docs/keep-toml.md has an example of each key.',
  },
  KEEP_VALUE: {
    exit: 2,
    reason: 'A value in Keep.toml is outside what its key allows.',
    fix: 'Give a value that the message allows; docs/keep-toml.md lists the bounds of each key.',
  },
  KEEP_MISSING: {
    exit: 2,
    reason: 'An entry of Keep.toml lacks a key that it must have.',
    fix: 'Add the key that the message names to that entry.',
  },
  KEEP_DUPLICATE: {
    exit: 2,
    reason: 'Keep.toml grants the same thing twice.',
    fix: 'Keep one of the two entries; each path, name and destination stands once.',
  },
  CONFIG_TEXT: {
    exit: 2,
    reason: 'A text for the configuration has a NUL in it, or is not Unicode.',
    fix: 'Remove the character; arguments, environment and paths are UTF-8 without NUL.',
  },
  CONFIG_HOST_VALUE: {
    exit: 2,
    reason: 'Arguments or environment were given that the configuration does not leave to the host.',
    fix: 'Put the value into Keep.toml, or leave it to the host there: args = "host", or K = { measured = false } under [env].',
  },
  CONFIG_TOO_LARGE: {
    exit: 2,
    reason: 'The configuration is larger than a config blob may be.',
    fix: 'Shorten the arguments or the environment; large inputs belong into files or standard input.',
  },
  FILE_INDEX: {
    exit: 2,
    reason:
      'The files of [[image]] cannot be those of a Keep, or their index is not in its one canonical form.',
    fix: 'Name other files or places in Keep.toml as the message says; docs/config-blob.md says what an index must be.',
  },
  CONFIG_BLOB: {
    exit: 2,
    reason: 'The bytes are not a config blob in its one canonical form.',
    fix: 'Make the blob anew from Keep.toml; docs/config-blob.md says what each byte must be.',
  },
} as const;
