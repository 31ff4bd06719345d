// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { measureSgx } from '@motte/measure/sgx';
import type { OnStep } from '@motte/measure/transcript';
import type { Input, Outcome } from '../grammar/command.js';
import { openOutput } from '../io/output.js';
import type { Prepared } from '../keep/prepare.js';
import { keepOutcome } from '../measure/keep.js';

function measure({ plan }: Prepared, sgxs: string | undefined, onStep: OnStep | undefined): string {
  if (sgxs === undefined) return toHex(measureSgx(plan, { onStep }));
  const output = openOutput(sgxs);
  try {
    const digest = measureSgx(plan, { stream: (bytes) => output.write(bytes), onStep });
    output.commit();
    return toHex(digest);
  } finally {
    output.abandon();
  }
}

/** `motte measure sgx FILE [--sgxs FILE] [--transcript]` */
export function run({ options, words: [file = ''] }: Input): Promise<Outcome> {
  return keepOutcome(file, options, 'sgx', (prepared, onStep) => measure(prepared, options.sgxs, onStep));
}
