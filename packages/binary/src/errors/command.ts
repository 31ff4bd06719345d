// SPDX-License-Identifier: Apache-2.0

/** Codes of the command `motte`. */
export const COMMAND_ERRORS = {
  USAGE_COMMAND: {
    exit: 64,
    reason: 'There is no such command.',
    fix: 'Use the command that the message suggests, or see all of them with `motte --help`.',
  },
  USAGE_OPTION: {
    exit: 64,
    reason: 'The command has no such option.',
    fix: 'Use the option that the message suggests, or see all of them with `motte COMMAND --help`.',
  },
  USAGE_VALUE: {
    exit: 64,
    reason: 'An option has a value that it does not take.',
    fix: 'Give the option as `motte COMMAND --help` shows it.',
  },
  USAGE_ARGUMENTS: {
    exit: 64,
    reason: 'The command was given too few or too many arguments.',
    fix: 'Give the arguments that the first line of `motte COMMAND --help` shows.',
  },
  FILE_ACCESS: {
    exit: 2,
    reason: 'A file could not be read.',
    fix: 'Check the path and the permissions that the message names.',
  },
  FILE_EXISTS: {
    exit: 2,
    reason: 'The file to be written is there already, and what it holds cannot be made again.',
    fix: 'Choose another name, or say --force to replace it.',
  },
  FILE_KIND: {
    exit: 2,
    reason: 'The file is of a kind that this command does not take.',
    fix: 'Give a file of a kind that the message names; --as says what a file is when it cannot be seen.',
  },
  OUTPUT_FAILED: {
    exit: 2,
    reason: 'An output could not be written; what was there before is unchanged.',
    fix: 'Make room, or choose another place; the message has the system’s reason.',
  },
  TEE_UNSUPPORTED: {
    exit: 6,
    reason:
      'What was given is not for the TEE that was named, or this version of Motte does not do this for it.',
    fix: 'Use --tee sgx or --tee auto; an image that `motte build` makes without --tee is for all.',
  },
  GRANT_UNSUPPORTED: {
    exit: 2,
    reason: 'Keep.toml grants what this version of Motte cannot serve.',
    fix: 'Remove the grant; docs/LIMITATIONS.md says which grants are served.',
  },
  DEBUG_REFUSED: {
    exit: 2,
    reason: 'The Keep cannot be looked into.',
    fix: 'Only a debug Keep can: [sgx] debug = true, and the shim that Motte takes for it. Whoever attests the Keep sees both.',
  },
  GDB_PORT: {
    exit: 2,
    reason: 'No debugger can be waited for on that port.',
    fix: 'Choose another port, or none: `--gdb` takes a free one and says which.',
  },
  GDB_PROTOCOL: {
    exit: 1,
    reason: 'What came over the debugger’s connection is not GDB’s remote protocol.',
    fix: 'Connect with gdb: `target remote 127.0.0.1:PORT`. The connection was closed; the Keep waits for the next.',
  },
  KEEP_ENDED: {
    exit: 7,
    reason: 'The Keep ended before its program did.',
    fix: 'The message names who ended it and why; when it was the CPU or the shim, run again with --stats and without --no-patch.',
  },
  EXPLAIN_UNKNOWN: {
    exit: 1,
    reason: 'There is no such error code.',
    fix: 'See all codes in docs/errors.md, or with `motte explain`.',
  },
  INTERNAL: {
    exit: 7,
    reason: 'Motte met a state that it does not know: a defect of Motte.',
    fix: 'Report it with the command line and the output of MOTTE_DEBUG=1.',
  },
} as const;
