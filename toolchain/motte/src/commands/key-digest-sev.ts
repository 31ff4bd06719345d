// SPDX-License-Identifier: Apache-2.0
import { readOneCertificate } from '@motte/sign/sev/chain-node';
import type { Input, Outcome } from '../grammar/command.js';
import { readSmall } from '../io/file.js';
import { bytesDigest } from '../keep/digest.js';

/** `motte key digest sev CERTIFICATE`: the SHA-256 of what is signed of it, as `verify sev-chain` prints of a chain. */
export function run({ words: [file = ''] }: Input): Outcome {
  const { name, signed } = readOneCertificate(readSmall(file));
  const certificateDigest = bytesDigest(signed);
  return { result: { usage: name, certificateDigest }, text: `${certificateDigest}\n` };
}
