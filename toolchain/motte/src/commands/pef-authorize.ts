// SPDX-License-Identifier: Apache-2.0
import { openerFromPem } from '@motte/sign/pef/crypto-node';
import { authorize } from '@motte/sign/pef/make';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { readSmall } from '../io/file.js';
import { blobOutcome, readBlob, recipientFrom } from '../measure/esm.js';

/** `motte pef authorize BLOB --open-with PRIVATE.PEM --recipient PUB… -o NEW` */
export function run({ options, words: [file = ''] }: Input): Outcome {
  const output = needed(options.output, 'output');
  const opener = openerFromPem(readSmall(needed(options['open-with'], 'open-with')));
  let blob = readBlob(file);
  for (const path of needed(options.recipient, 'recipient'))
    blob = authorize(blob, opener, recipientFrom(path));
  return blobOutcome(blob, output);
}
