// SPDX-License-Identifier: Apache-2.0
import { readBytes } from '@motte/binary/source';
import { carryBlob } from '@motte/measure/pef/cpio';
import { writeEsmBlob } from '@motte/sign/pef/blob';
import { aesGcm, randomBytes } from '@motte/sign/pef/crypto-node';
import { makeEsmBlob } from '@motte/sign/pef/make';
import { basename } from 'node:path';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { openFile } from '../io/file.js';
import { writeFile } from '../io/output.js';
import { blobOutcome, recipientFrom, sealedFiles } from '../measure/esm.js';
import { withDigests } from '../measure/pef.js';

function carry(blob: Uint8Array, initrdPath: string, name: string, output: string): void {
  const initrd = openFile(initrdPath);
  try {
    writeFile(output, carryBlob(blob, readBytes(initrd, 0, initrd.size), name));
  } finally {
    initrd.close();
  }
}

/** `motte pef make --kernel F --initrd F --bootargs TEXT --origin PUB --recipient PUB… [--file NAME=PATH…] -o BLOB [--carry INITRD]` */
export function run({ options }: Input): Outcome {
  const output = needed(options.output, 'output');
  const origin = recipientFrom(needed(options.origin, 'origin'));
  const recipients = needed(options.recipient, 'recipient').map(recipientFrom);
  const files = sealedFiles(options.file ?? []);
  const digests = withDigests(options, (found) => found);
  const blob = makeEsmBlob({ origin, recipients, digests, files }, { aead: aesGcm, random: randomBytes });
  for (const { content } of files) content.fill(0);
  if (options.carry !== undefined)
    carry(writeEsmBlob(blob), needed(options.initrd, 'initrd'), basename(output), options.carry);
  return blobOutcome(blob, output);
}
