// SPDX-License-Identifier: Apache-2.0
import { toMarkdown } from '@motte/binary/c-header';
import {
  CHUNK_BYTES,
  FILE_ENTRY,
  FILE_INDEX,
  INDEX_ENTRIES,
  INDEX_MAX,
  INDEX_MODES,
} from './file-index-layout.js';

/** The part of docs/config-blob.md on the file index. */
export function indexDocs(): string[] {
  const octal = (mode: number): string => `0${mode.toString(8)}`;
  return [
    '## The file index',
    '',
    'What `[[image]]` names is listed in a file index: each path, with type, permissions, size and SHA-256. The IMAGE record',
    'has the SHA-256 of the index, so that the config digest covers all of it. The host hands index and contents to the Keep;',
    'the shim compares the index with the record at boot, and each chunk with its digest before anything reads it',
    '([ADR 0023](adr/0023-files-of-the-image.md)).',
    '',
    toMarkdown(FILE_INDEX),
    toMarkdown(FILE_ENTRY),
    `- The index is at most ${INDEX_MAX} bytes (0x${INDEX_MAX.toString(16)}) with 1 to ${INDEX_ENTRIES} entries.`,
    '- An entry is its head; the path, UTF-8; of a link, the text; zeros up to a multiple of 8; of a file, the digests.',
    `- A file is divided into chunks of ${CHUNK_BYTES} bytes, of which the last may be shorter; each has a SHA-256 of 32 bytes.`,
    '  An empty file has none.',
    `- \`mode\` is ${octal(INDEX_MODES.FILE)} (a file), ${octal(INDEX_MODES.PROGRAM)} (one that is executable), ${octal(INDEX_MODES.LINK)} (a symbolic link)`,
    `  or ${octal(INDEX_MODES.DIRECTORY)} (a directory that nothing is in). All other directories are there because something is in them.`,
    '- Paths ascend, compared by bytes, each once; none is within another. They are absolute, without `.`, `..` and empty',
    '  names, not where the Keep has something itself, and not where something of the host’s is granted.',
    '- Contents are the bytes of all files in the order of the index, without gaps: what a file has begins where the',
    '  one before it ends.',
    '',
  ];
}
