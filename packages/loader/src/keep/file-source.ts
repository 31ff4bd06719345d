// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '@motte/binary/source';

/** A file as a source; open until `close`. */
export interface FileSource extends ByteSource {
  close(): void;
}

/**
 * The file that descriptor `fd` is open on, of the size that it has now. Reading throws STRUCT_TRUNCATED, with `path`, when
 * the file has become shorter since; errors of the system pass through.
 */
export function descriptorSource(fd: number, path: string): FileSource {
  const { size } = fstatSync(fd);
  return {
    size,
    open: { fd, offset: 0 },
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

/** Opens a file. Errors of the system pass through. */
export function fileSource(path: string): FileSource {
  return descriptorSource(openSync(path, 'r'), path);
}
