// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { fromHex } from '@motte/binary/hex';
import { sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { measureSanctum } from '@motte/measure/sanctum';
import { readSanctumOperations } from '@motte/measure/sanctum/operations';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import type { InputFile } from '../io/file.js';
import { withFiles } from '../io/files.js';
import { readJson } from '../io/json.js';
import { digestOutcome } from '../measure/outcome.js';

/** The bytes of an operation: hex digits, or a range `[offset, length]` of the pool. */
function dataOf(data: unknown, field: string, pool: InputFile | undefined): Uint8Array | ByteSource {
  if (typeof data === 'string') return fromHex(data, field);
  const [offset, length] = Array.isArray(data) && data.length === 2 ? (data as unknown[]) : [];
  const fits =
    pool !== undefined &&
    typeof offset === 'number' &&
    typeof length === 'number' &&
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= pool.size;
  if (!fits) {
    const expected =
      pool === undefined ? 'hex digits, as there is no --pool' : `a range of ${pool.size} bytes`;
    throw new MotteError('SANCTUM_OPERATION', { field, expected, found: JSON.stringify(data) ?? 'none' });
  }
  return sliceSource(pool, offset, length);
}

/** `motte measure sanctum --flavour pwnall|mit --ops FILE.json [--pool FILE]` */
export function run({ options }: Input): Outcome {
  const flavour = needed(options.flavour, 'flavour') === 'mit' ? 'mit' : 'pwnall';
  const ops = needed(options.ops, 'ops');
  const paths: Record<string, string> = options.pool === undefined ? { ops } : { ops, pool: options.pool };
  return withFiles(paths, (files) => {
    const { pool } = files as { pool?: InputFile };
    const operations = readSanctumOperations(flavour, readJson(ops, 'SANCTUM_OPERATION'), (data, field) =>
      dataOf(data, field, pool),
    );
    return digestOutcome({ tee: 'sanctum', profile: flavour, files }, options, (onStep) =>
      measureSanctum(flavour, operations, { onStep }),
    );
  });
}
