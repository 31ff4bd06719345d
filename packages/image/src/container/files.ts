// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** A file that is open, and will be closed. */
export interface OpenFile extends ByteSource {
  close(): void;
}

/**
 * Opens a regular file; a link as the last part of its path is refused when `links` is false. Errors of the system pass
 * through; IMAGE_LAYOUT for anything but a file.
 */
export function openRegular(path: string, links = true): OpenFile {
  // O_NONBLOCK: a FIFO without a writer is refused below instead of waited for.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (links ? 0 : constants.O_NOFOLLOW);
  const fd = openSync(path, flags);
  const stat = fstatSync(fd);
  if (!stat.isFile()) {
    closeSync(fd);
    throw new MotteError('IMAGE_LAYOUT', {
      field: path,
      expected: 'a regular file',
      found: 'another kind of file',
    });
  }
  return {
    size: stat.size,
    read(offset, into) {
      for (let done = 0; done < into.length;) {
        const got = readSync(fd, into, done, into.length - done, offset + done);
        if (got === 0) {
          const expected = `${into.length} bytes`;
          throw new MotteError('STRUCT_TRUNCATED', { field: path, expected, found: done, offset });
        }
        done += got;
      }
    },
    close: () => closeSync(fd),
  };
}

/** Several open files, closed together. */
export class OpenFiles {
  readonly #open: OpenFile[] = [];

  add(path: string, links = true): OpenFile {
    const file = openRegular(path, links);
    this.#open.push(file);
    return file;
  }

  close(): void {
    for (const file of this.#open.splice(0)) file.close();
  }
}
