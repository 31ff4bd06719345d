// SPDX-License-Identifier: Apache-2.0
import { sha384 } from '@motte/measure/hash';
import { verifyP384 } from '@motte/sign/snp/ecdsa-node';
import { idAuth } from '@motte/sign/snp/id-block';
import { verifyIdBlock } from '@motte/sign/snp/verify';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { writeFile } from '../io/output.js';
import { isFirstStep, refuseWith, toSign } from '../sign/elsewhere.js';
import { idBlockOf, idText, signerOf } from '../sign/snp.js';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/**
 * `motte sign snp --measurement HEX --key ID.PEM [--author-key AUTHOR.PEM] [--id-block F] [--id-auth F]`: prints what
 * QEMU's sev-snp-guest takes. In two steps as `motte sign sgx`; an author key that is elsewhere signs the digest of
 * the ID key, which is `motte key digest snp`.
 */
export function run({ options }: Input): Outcome {
  const block = idBlockOf(options);
  if (isFirstStep(options)) {
    refuseWith(options, 'key', 'author-key', 'signature-in', 'author-signature-in', 'id-block', 'id-auth');
    return toSign(new Uint8Array(sha384(block)), block, 'ecdsa-p384-sha384', options);
  }
  const id = signerOf(needed(options.key, 'key'), options['signature-in']);
  const authorKey =
    options['author-signature-in'] === undefined
      ? options['author-key']
      : needed(options['author-key'], 'author-key');
  const author = authorKey === undefined ? undefined : signerOf(authorKey, options['author-signature-in']);
  const auth = idAuth(block, id, author);
  // What goes out is what firmware will take, whoever signed.
  verifyIdBlock(block, auth, verifyP384);
  const { 'id-block': blockPath, 'id-auth': authPath } = options;
  if (blockPath !== undefined) writeFile(blockPath, block);
  if (authPath !== undefined) writeFile(authPath, auth);
  const text = idText(block, auth);
  const result = {
    ...text,
    idBlockPath: blockPath ?? null,
    idAuthPath: authPath ?? null,
    idBlock: base64(block),
    idAuth: base64(auth),
  };
  const properties = [
    `policy=${text.policy}`,
    `id-block=${result.idBlock}`,
    `id-auth=${result.idAuth}`,
    `author-key-enabled=${author === undefined ? 'off' : 'on'}`,
  ];
  return { result, text: `${properties.join(',')}\n` };
}
