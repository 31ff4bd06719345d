// SPDX-License-Identifier: Apache-2.0
import { bytesSource } from '@motte/binary/source';
import { rawSgxPlan } from '@motte/plan/sgx/raw';
import { verifySigstruct } from '@motte/sign/sgx/verify';
import { checkRow, object, text } from './folder.js';
import type { RowResult, VectorFolder } from './folder.js';
import { checkMeasure } from './plan-row.js';
import { checkChecks, checkFields, checkSignedAgain } from './sigstruct-row.js';

/** sgx-enarx: one raw image with its SIGSTRUCT and key. Its PCK certificates are for the evidence package. */
export function enarxRows(folder: VectorFolder): RowResult[] {
  const meta = folder.json('meta.json');
  const files = object(meta['files'], 'files');
  const expected = object(meta['expected'], 'expected');
  const image = text(files, 'image');
  const sigstruct = text(files, 'sigstruct');
  return [
    checkRow(image, (row) => {
      const bytes = folder.file(image);
      const plan = rawSgxPlan(bytesSource(bytes), { file: image });
      checkMeasure(row, plan, expected['mrenclave'], { [image]: bytes });
    }),
    checkRow(sigstruct, (row) => {
      const bytes = folder.file(sigstruct);
      checkFields(row, bytes, expected);
      checkChecks(row, bytes, object(meta['checks'], 'checks'));
      verifySigstruct(bytes);
      checkSignedAgain(row, bytes, folder.file(text(files, 'key')));
    }),
  ];
}
