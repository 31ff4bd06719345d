// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { p384FromPem } from '@motte/sign/snp/ecdsa-node';
import { publicKeyBytes, snpKeyDigest } from '@motte/sign/snp/id-block';
import type { Input, Outcome } from '../grammar/command.js';
import { readSmall } from '../io/file.js';
import { writeFile } from '../io/output.js';

/**
 * `motte key digest snp FILE`: ID_KEY_DIGEST or AUTHOR_KEY_DIGEST of reports. It is also what an author key signs of
 * an ID key, so that it can be written for an author key that is elsewhere.
 */
export function run({ options, words: [file = ''] }: Input): Outcome {
  const key = publicKeyBytes(p384FromPem(readSmall(file)));
  const digest = snpKeyDigest(key);
  const { 'digest-out': digestPath, 'message-out': messagePath } = options;
  if (digestPath !== undefined) writeFile(digestPath, digest);
  if (messagePath !== undefined) writeFile(messagePath, key);
  const keyDigest = toHex(digest);
  const paths = { digestPath: digestPath ?? null, messagePath: messagePath ?? null };
  return { result: { keyDigest, ...paths }, text: `${keyDigest}\n` };
}
