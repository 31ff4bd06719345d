// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import type { Input, Outcome } from '../grammar/command.js';
import { publicFrom } from '../sign/keystone.js';

/** `motte key digest keystone FILE`: verifiers know devices by the public key itself, which is that short. */
export function run({ words: [file = ''] }: Input): Outcome {
  const publicKey = toHex(publicFrom(file));
  return { result: { publicKey }, text: `${publicKey}\n` };
}
