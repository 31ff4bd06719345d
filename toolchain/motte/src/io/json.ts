// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ErrorCode } from '@motte/binary/error';
import { readSmall } from './file.js';

/** Most bytes of a JSON file: what it becomes in memory is some ten times as much. */
const MOST_JSON = 1 << 26;

/** The value of a JSON file. Throws FILE_ACCESS, and an error of `code` for what is no JSON. */
export function readJson(path: string, code: ErrorCode): unknown {
  const bytes = readSmall(path, MOST_JSON);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new MotteError(code, { field: path, expected: 'JSON', found: 'something else', cause });
  }
}
