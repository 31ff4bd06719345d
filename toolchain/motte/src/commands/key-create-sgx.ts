// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { createSgxKey, keyDigest, modulusFromPem, publicPemOf } from '@motte/sign/key-node';
import type { Input, Outcome } from '../grammar/command.js';
import { createKey } from '../sign/create-key.js';

/** `motte key create sgx -o KEY.PEM [--public PUBLIC.PEM]` */
export function run({ options }: Input): Outcome {
  return createKey(options, () => {
    const secret = new TextEncoder().encode(createSgxKey());
    return {
      publicKey: publicPemOf(secret),
      digests: { mrsigner: toHex(keyDigest(modulusFromPem(secret))) },
      secret,
    };
  });
}
