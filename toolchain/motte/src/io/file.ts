// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { descriptorSource } from '@motte/loader/keep/file-source';
import type { FileSource } from '@motte/loader/keep/file-source';
import { readBytes } from '@motte/binary/source';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { withPath } from './system.js';

/** A file as a source, open until `close`. */
export interface InputFile extends FileSource {
  /** As it was given. */
  readonly path: string;
}

/** Most bytes of a text that is read whole: a Keep.toml, a key. */
const MOST_TEXT = 1 << 20;

/** Opens a regular file for reading. Throws FILE_ACCESS. */
export function openFile(path: string): InputFile {
  return withPath('FILE_ACCESS', path, () => {
    // O_NONBLOCK: a FIFO without a writer is refused below instead of waited for.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      closeSync(fd);
      throw new MotteError('FILE_ACCESS', {
        field: path,
        expected: 'a regular file',
        found: stat.isDirectory() ? 'a folder' : 'another kind of file',
      });
    }
    const source = descriptorSource(fd, path);
    return {
      path,
      size: source.size,
      read: (offset, into) => withPath('FILE_ACCESS', path, () => source.read(offset, into)),
      close: () => source.close(),
    };
  });
}

/** The whole of a small file. Throws FILE_ACCESS. The caller owns the bytes. */
export function readSmall(path: string, most: number = MOST_TEXT): Uint8Array {
  const file = openFile(path);
  try {
    if (file.size > most) {
      throw new MotteError('FILE_ACCESS', {
        field: path,
        expected: `at most ${most} bytes`,
        found: file.size,
      });
    }
    return readBytes(file, 0, file.size);
  } finally {
    file.close();
  }
}

/** A small file that must be UTF-8. Throws FILE_ACCESS. */
export function readText(path: string): string {
  const bytes = readSmall(path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new MotteError('FILE_ACCESS', { field: path, expected: 'UTF-8 text', found: 'other bytes', cause });
  }
}
