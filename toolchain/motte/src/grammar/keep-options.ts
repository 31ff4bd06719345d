// SPDX-License-Identifier: Apache-2.0
/** The options of whatever measures a Keep. */
export const KEEP_OPTIONS = ['config', 'debug', 'shim', 'as'] as const;
