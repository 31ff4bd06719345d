// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { descriptorSource } from '@motte/loader/keep/file-source';
import type { FileSource } from '@motte/loader/keep/file-source';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';

/**
 * Opens a regular file; a link as the last part of its path is refused when `links` is false. Errors of the system pass
 * through; IMAGE_LAYOUT for anything but a file.
 */
export function openRegular(path: string, links = true): FileSource {
  // O_NONBLOCK: a FIFO without a writer is refused below instead of waited for.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (links ? 0 : constants.O_NOFOLLOW);
  const fd = openSync(path, flags);
  if (!fstatSync(fd).isFile()) {
    closeSync(fd);
    throw new MotteError('IMAGE_LAYOUT', {
      field: path,
      expected: 'a regular file',
      found: 'another kind of file',
    });
  }
  return descriptorSource(fd, path);
}

/** Several open files, closed together. */
export class OpenFiles {
  readonly #open: FileSource[] = [];

  add(path: string, links = true): FileSource {
    const file = openRegular(path, links);
    this.#open.push(file);
    return file;
  }

  close(): void {
    for (const file of this.#open.splice(0)) file.close();
  }
}
