// SPDX-License-Identifier: Apache-2.0
import { revoke } from '@motte/sign/pef/make';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { blobOutcome, readBlob, recipientFrom } from '../measure/esm.js';

/** `motte pef revoke BLOB --recipient PUB… -o NEW` */
export function run({ options, words: [file = ''] }: Input): Outcome {
  const output = needed(options.output, 'output');
  let blob = readBlob(file);
  for (const path of needed(options.recipient, 'recipient'))
    blob = revoke(blob, recipientFrom(path).recipient.fingerprint);
  return blobOutcome(blob, output);
}
