// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { openerFromPem, recipientFromPem } from '@motte/sign/pef/crypto-node';
import type { Input, Outcome } from '../grammar/command.js';
import { readSmall } from '../io/file.js';

/** `motte key digest pef FILE`: of a public key the file’s own digest, of a private one that of its public key’s file. */
export function run({ words: [file = ''] }: Input): Outcome {
  const pem = readSmall(file);
  const isPrivate = new TextDecoder('latin1').decode(pem).includes('PRIVATE KEY');
  const { fingerprint: bytes } = isPrivate ? openerFromPem(pem) : recipientFromPem(pem);
  const fingerprint = toHex(bytes);
  return { result: { fingerprint }, text: `${fingerprint}\n` };
}
