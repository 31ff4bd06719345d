// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { carriedBlob } from '@motte/measure/pef/cpio';
import { readEsmBlob, writeEsmBlob } from '@motte/sign/pef/blob';
import type { EsmBlob } from '@motte/sign/pef/blob';
import { recipientFromPem } from '@motte/sign/pef/crypto-node';
import type { NamedRecipient } from '@motte/sign/pef/make';
import { basename } from 'node:path';
import type { Outcome } from '../grammar/command.js';
import { readSmall } from '../io/file.js';
import { writeFile } from '../io/output.js';

/** Most bytes of an initrd with a blob. */
const MOST_INITRD = 2 ** 31;
const CPIO_MAGIC = '070701';

/** Reads a blob, or that which an initrd carries. */
export function readBlob(path: string): EsmBlob {
  const bytes = readSmall(path, MOST_INITRD);
  const isCpio = new TextDecoder('latin1').decode(bytes.subarray(0, CPIO_MAGIC.length)) === CPIO_MAGIC;
  return readEsmBlob(isCpio ? carriedBlob(bytes).blob : bytes);
}

/** A recipient from a file, which gives the comment its name. */
export function recipientFrom(path: string): NamedRecipient {
  return { recipient: recipientFromPem(readSmall(path)), comment: basename(path) };
}

/** What a node of a device tree may be called. Devicetree specification 0.4, 2.2.1. */
const NODE_NAME = /^[A-Za-z0-9,._+-]{1,31}$/u;

/** Files to be sealed, each given as NAME=PATH; the comment is what the file is called here. Throws USAGE_VALUE. */
export function sealedFiles(
  given: readonly string[],
): { name: string; content: Uint8Array; comment: string }[] {
  const names = new Set<string>();
  return given.map((text) => {
    const end = text.indexOf('=');
    const [name, path] = [text.slice(0, Math.max(0, end)), text.slice(end + 1)];
    if (!NODE_NAME.test(name) || path === '' || names.has(name)) {
      const expected = 'NAME=PATH, each NAME once: 1 to 31 letters, digits and ,._+-';
      throw new MotteError('USAGE_VALUE', { field: '--file', expected, found: text });
    }
    names.add(name);
    return { name, content: readSmall(path), comment: basename(path) };
  });
}

/** Lockboxes as they are printed. */
export function lockboxesText(blob: EsmBlob): { name: string; fingerprint: string; comment: string }[] {
  return blob.lockboxes.map(({ name, fingerprint, comment }) => ({
    name,
    fingerprint: toHex(fingerprint),
    comment,
  }));
}

/** Writes a blob and says who may open it now. */
export function blobOutcome(blob: EsmBlob, output: string): Outcome {
  writeFile(output, writeEsmBlob(blob));
  const lockboxes = lockboxesText(blob);
  return {
    result: { output, lockboxes },
    text: lockboxes.map(({ name, fingerprint }) => `${name} ${fingerprint}\n`).join(''),
  };
}
