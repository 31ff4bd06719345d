// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '@motte/binary/source';

/** A file as a source; open until `close`. */
export interface FileSource extends ByteSource {
  close(): void;
}

/** Opens a file. Errors of the system pass through; STRUCT_TRUNCATED when it has become shorter since. */
export function fileSource(path: string): FileSource {
  const fd = openSync(path, 'r');
  const { size } = fstatSync(fd);
  return {
    size,
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
