// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode, FailureClass } from '@motte/binary/error';
import { ERRORS } from '@motte/binary/errors/table';

/** The classes of failures in words. */
const CLASSES: Readonly<Record<FailureClass, string>> = {
  1: 'the answer is no',
  2: 'bad input',
  3: 'signature or chain',
  4: 'revoked or out of date',
  6: 'platform missing',
  7: 'the Keep ended abnormally',
  64: 'usage',
};

/** What `motte explain CODE` prints. */
export function errorText(code: ErrorCode): string {
  const { exit, reason, fix } = ERRORS[code];
  return `${code}: ${reason}\nFix: ${fix}\nExit status: ${exit}, ${CLASSES[exit]}\n`;
}

/** docs/errors.md */
export function errorsDoc(): string {
  return [
    '# Errors',
    '',
    'Generated from `packages/binary/src/errors/`; do not edit. Every error has a stable code; its message names the field,',
    'what was expected, what was found and at which offset, as far as they apply. `motte explain CODE` prints an entry.',
    '',
    '| exit status | class |',
    '| --- | --- |',
    ...Object.entries(CLASSES).map(([exit, words]) => `| ${exit} | ${words} |`),
    '',
    'Failures of `motte run` itself end with 120 + the class, because its status is otherwise the program’s; usage stays 64.',
    '',
    ...Object.entries(ERRORS).flatMap(([code, { exit, reason, fix }]) => [
      `## ${code}`,
      '',
      `${reason} (exit ${exit}, ${CLASSES[exit]})`,
      '',
      `**Fix.** ${fix}`,
      '',
    ]),
  ].join('\n');
}
