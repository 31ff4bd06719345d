// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { keyDigest, modulusFromPem } from '@motte/sign/key-node';
import type { Input, Outcome } from '../grammar/command.js';
import { readSmall } from '../io/file.js';

/** `motte key digest sgx FILE`: of a private or public key, or a certificate. */
export function run({ words: [file = ''] }: Input): Outcome {
  const mrsigner = toHex(keyDigest(modulusFromPem(readSmall(file))));
  return { result: { mrsigner }, text: `${mrsigner}\n` };
}
