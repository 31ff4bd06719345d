// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { createP384Key, p384FromPem } from '@motte/sign/snp/ecdsa-node';
import { publicKeyBytes, snpKeyDigest } from '@motte/sign/snp/id-block';
import type { Input, Outcome } from '../grammar/command.js';
import { createKey } from '../sign/create-key.js';

/** `motte key create snp -o KEY.PEM [--public PUBLIC.PEM]`: an ID key or an author key; they are of one kind. */
export function run({ options }: Input): Outcome {
  return createKey(options, () => {
    const { privateKey, publicKey } = createP384Key();
    return {
      secret: new TextEncoder().encode(privateKey),
      publicKey: new TextEncoder().encode(publicKey),
      digests: { keyDigest: toHex(snpKeyDigest(publicKeyBytes(p384FromPem(publicKey)))) },
    };
  });
}
