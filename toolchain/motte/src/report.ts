// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ErrorJson } from '@motte/binary/error';
import { isErrorCode } from '@motte/binary/errors/table';
import { systemCode, systemError } from './io/system.js';
import type { CommandSpec } from './grammar/command.js';

/**
 * True for our errors also when another copy of the class made them: a library that the bundle does not contain
 * brings its own.
 */
function isMotteError(error: unknown): error is MotteError {
  return error instanceof Error && error.name === 'MotteError' && 'code' in error && isErrorCode(error.code);
}

/** Any thrown value as one of our errors. */
export function asMotteError(error: unknown): MotteError {
  if (isMotteError(error)) return error;
  if (systemCode(error) !== undefined) {
    const path = error instanceof Error && 'path' in error ? String(error.path) : 'the system';
    return systemError(error, 'FILE_ACCESS', path) as MotteError;
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new MotteError('INTERNAL', { message: message.split('\n')[0] ?? message, cause: error });
}

/** The exit status that a command ends with because of `error`. */
export function exitStatus(error: MotteError, command: CommandSpec | undefined): number {
  // 120 + 64 would read as death by signal 56; usage errors are told before anything runs.
  return error.exit === 64 ? 64 : (command?.own ?? 0) + error.exit;
}

/** The line on standard error. */
export function errorLine(error: MotteError): string {
  const hint = error.exit === 64 ? '' : ` [${error.code}]`;
  return `motte: ${error.message.replaceAll('\n', ' ')}${hint}`;
}

/** 64-bit values have no JSON number; they are hex texts, as everywhere. */
function hexBigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}

/** What `--json` prints. */
export function envelope(command: string, outcome: { result: unknown } | { error: ErrorJson }): string {
  const body =
    'error' in outcome ? { ok: false, error: outcome.error } : { ok: true, result: outcome.result };
  return `${JSON.stringify({ motte: 1, command, ...body }, hexBigints)}\n`;
}

/** The stacks of an error and its causes, for MOTTE_DEBUG. */
export function stacks(error: unknown): string {
  const lines: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) lines.push(at.stack ?? String(at));
  return lines.join('\ncaused by ');
}
