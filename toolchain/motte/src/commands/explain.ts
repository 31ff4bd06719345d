// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ErrorCode } from '@motte/binary/error';
import { ERRORS, isErrorCode } from '@motte/binary/errors/table';
import { nearest } from '@motte/config/nearest';
import { errorText } from '../errors-doc.js';
import type { Input, Outcome } from '../grammar/command.js';

/** `motte explain [CODE]` */
export function run({ words: [word] }: Input): Outcome {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  if (word === undefined) return { result: { codes }, text: codes.map((code) => `${code}\n`).join('') };
  const code = word.toUpperCase();
  if (!isErrorCode(code)) {
    const near = nearest(code, codes);
    throw new MotteError('EXPLAIN_UNKNOWN', {
      field: 'CODE',
      message: `there is no error code ${word}${near === undefined ? '' : `; did you mean ${near}?`}`,
    });
  }
  return { result: { code, ...ERRORS[code] }, text: errorText(code) };
}
