// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/repro`. */
export const REPRO_ERRORS = {
  REPRO_SOURCE: {
    exit: 2,
    reason: 'There is nothing to build or to compare at the path that was given.',
    fix: 'Give a folder, or with --compare two files or two folders.',
  },
  REPRO_BUILD: {
    exit: 2,
    reason: 'The build command failed.',
    fix: 'Read its output above; if only a later build fails, the message names what was varied, and --without leaves it out.',
  },
  REPRO_ARTIFACT: {
    exit: 2,
    reason: 'The build did not make what should be compared.',
    fix: 'Name what the command makes with --artifact, relative to the folder that is built.',
  },
} as const;
