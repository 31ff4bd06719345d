// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { bytesSource } from '@motte/binary/source';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { openFile } from './file.js';
import type { InputFile } from './file.js';
import { withPath } from './system.js';

/** Most bytes that are taken from what is no file, and so has no size beforehand. */
const MOST = 1 << 30;
const CHUNK = 1 << 20;

function readAll(path: string): Uint8Array {
  const fd = openSync(path, 'r');
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const chunk = new Uint8Array(CHUNK);
      const got = readSync(fd, chunk);
      if (got === 0) return Buffer.concat(chunks, size);
      size += got;
      if (size > MOST) {
        const expected = `at most ${MOST} bytes of what is no regular file`;
        throw new MotteError('FILE_ACCESS', { field: path, expected, found: 'more' });
      }
      chunks.push(chunk.subarray(0, got));
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * Opens a file as `openFile` does, and also what other programs read to its end: a pipe (`<(zcat …)`), /dev/null.
 * Such a one is kept in memory. Throws FILE_ACCESS.
 */
export function openAny(path: string): InputFile {
  return withPath('FILE_ACCESS', path, () => {
    const stat = statSync(path);
    if (!stat.isFIFO() && !stat.isCharacterDevice()) return openFile(path);
    return { ...bytesSource(readAll(path)), path, close() {} };
  });
}
