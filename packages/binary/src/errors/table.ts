// SPDX-License-Identifier: Apache-2.0
import { BINARY_ERRORS } from './binary.js';
import { COMMAND_ERRORS } from './command.js';
import { CONFIG_ERRORS } from './config.js';
import { ELF_ERRORS } from './elf.js';
import { HOSTCALL_ERRORS } from './hostcall.js';
import { IGVM_ERRORS } from './igvm.js';
import { IMAGE_ERRORS } from './image.js';
import { LOADER_ERRORS } from './loader.js';
import { MEASURE_ERRORS } from './measure.js';
import { PLAN_ERRORS } from './plan.js';
import { REPRO_ERRORS } from './repro.js';
import { SHIM_ERRORS } from './shim.js';
import { SIGN_ERRORS } from './sign.js';
import type { ErrorEntry } from './entry.js';

const TABLE = {
  ...BINARY_ERRORS,
  ...ELF_ERRORS,
  ...CONFIG_ERRORS,
  ...HOSTCALL_ERRORS,
  ...PLAN_ERRORS,
  ...MEASURE_ERRORS,
  ...SIGN_ERRORS,
  ...IGVM_ERRORS,
  ...SHIM_ERRORS,
  ...LOADER_ERRORS,
  ...REPRO_ERRORS,
  ...IMAGE_ERRORS,
  ...COMMAND_ERRORS,
} as const;

/** Every stable error code of Motte. */
export type ErrorCode =
  | keyof typeof BINARY_ERRORS
  | keyof typeof ELF_ERRORS
  | keyof typeof CONFIG_ERRORS
  | keyof typeof HOSTCALL_ERRORS
  | keyof typeof PLAN_ERRORS
  | keyof typeof MEASURE_ERRORS
  | keyof typeof SIGN_ERRORS
  | keyof typeof IGVM_ERRORS
  | keyof typeof SHIM_ERRORS
  | keyof typeof LOADER_ERRORS
  | keyof typeof REPRO_ERRORS
  | keyof typeof IMAGE_ERRORS
  | keyof typeof COMMAND_ERRORS;

/** Every error code with its class, its usual reason and the fix, in the order of `docs/errors.md`. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorEntry>> = TABLE;

/** True when `code` is one of ours (and not, say, a Node system error). */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(TABLE, code);
}
