// SPDX-License-Identifier: Apache-2.0
import { aesGcm, openerFromPem } from '@motte/sign/pef/crypto-node';
import { openEsmBlob } from '@motte/sign/pef/open';
import type { Input, Outcome } from '../grammar/command.js';
import { readSmall } from '../io/file.js';
import { bytesDigest } from '../keep/digest.js';
import { lockboxesText, readBlob } from '../measure/esm.js';
import { lines } from '../measure/lines.js';
import { digestsText } from '../measure/pef.js';

/** `motte pef inspect BLOB [--open-with PRIVATE.PEM]`: of a file that is sealed, its digest; never its content. */
export function run({ options, words: [file = ''] }: Input): Outcome {
  const blob = readBlob(file);
  const lockboxes = lockboxesText(blob);
  const boxes = lockboxes.map(
    ({ name, fingerprint, comment }) => `${name} ${fingerprint} ${JSON.stringify(comment)}\n`,
  );
  const names = blob.files.map(({ name }) => name);
  const key = options['open-with'];
  if (key === undefined) {
    const text = [...boxes, ...names.map((name) => `file ${name}\n`)].join('');
    return {
      result: {
        lockboxes,
        opened: false,
        digests: null,
        files: names.map((name) => ({ name, sha256: null })),
      },
      text,
    };
  }
  const opened = openEsmBlob(blob, openerFromPem(readSmall(key)), aesGcm);
  const digests = opened.digests === undefined ? null : digestsText(opened.digests);
  const files = opened.files.map(({ name, content }) => ({ name, sha256: bytesDigest(content) }));
  const text = [
    ...boxes,
    digests === null ? '' : lines(digests),
    ...files.map(({ name, sha256 }) => `file ${name} ${sha256}\n`),
  ].join('');
  return { result: { lockboxes, opened: true, digests, files }, text };
}
