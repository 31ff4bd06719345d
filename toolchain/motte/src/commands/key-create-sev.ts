// SPDX-License-Identifier: Apache-2.0
import { readSevCertificate } from '@motte/sign/sev/certificates';
import { createOca } from '@motte/sign/sev/oca-node';
import type { Input, Outcome } from '../grammar/command.js';
import { bytesDigest } from '../keep/digest.js';
import { createKey } from '../sign/create-key.js';

/** `motte key create sev -o KEY.PEM [--public OCA.CERT]`: the authority of a platform's owner, signed by itself. */
export function run({ options }: Input): Outcome {
  return createKey(options, () => {
    const { privateKey, certificate } = createOca();
    return {
      secret: new TextEncoder().encode(privateKey),
      publicKey: certificate,
      digests: { certificateDigest: bytesDigest(readSevCertificate(certificate).signed) },
    };
  });
}
