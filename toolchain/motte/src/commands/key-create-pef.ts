// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { createPefKey, recipientFromPem } from '@motte/sign/pef/crypto-node';
import type { Input, Outcome } from '../grammar/command.js';
import { createKey } from '../sign/create-key.js';

/** `motte key create pef -o KEY.PEM --public PUBLIC.PEM`: an owner’s key; its fingerprint is of the public file. */
export function run({ options }: Input): Outcome {
  return createKey(options, () => {
    const { privateKey, publicKey } = createPefKey();
    const pem = new TextEncoder().encode(publicKey);
    return {
      secret: new TextEncoder().encode(privateKey),
      publicKey: pem,
      digests: { fingerprint: toHex(recipientFromPem(pem).fingerprint) },
    };
  });
}
