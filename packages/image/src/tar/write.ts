// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import {
  MOST_TAR_SIZE,
  TAR_BLOCK,
  TAR_FILE,
  USTAR,
  USTAR_MAGIC,
  USTAR_VERSION,
  tarChecksum,
} from './header.js';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** `text` and zeros up to `size` bytes. */
function field(text: string, size: number): Uint8Array {
  const out = new Uint8Array(size);
  out.set(ascii(text));
  return out;
}

/** `value` in octal digits and a NUL, `size` bytes together. */
function octal(value: number, size: number): Uint8Array {
  return ascii(`${value.toString(8).padStart(size - 1, '0')}\0`);
}

/** The header of a regular file: owned by nobody in particular, of no time. Throws IMAGE_LIMIT. */
export function tarHeader(name: string, size: number): Uint8Array {
  if (size > MOST_TAR_SIZE) {
    throw new MotteError('IMAGE_LIMIT', {
      field: name,
      message: 'the file is too large for a tar archive; write the image as a folder',
      expected: `at most ${MOST_TAR_SIZE} bytes`,
      found: size,
    });
  }
  const header = USTAR.write({
    name: field(name, 100),
    mode: octal(0o644, 8),
    uid: octal(0, 8),
    gid: octal(0, 8),
    size: octal(size, 12),
    mtime: octal(0, 12),
    typeflag: TAR_FILE,
    magic: ascii(USTAR_MAGIC),
    version: ascii(USTAR_VERSION),
    devmajor: octal(0, 8),
    devminor: octal(0, 8),
  });
  header.set(ascii(`${tarChecksum(header).toString(8).padStart(6, '0')}\0 `), USTAR.offsetOf('chksum'));
  return header;
}

/** The zeros that follow a file's contents. */
export function tarPadding(size: number): Uint8Array {
  return new Uint8Array((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK);
}

/** What ends an archive: two blocks of zeros. */
export const TAR_END: Uint8Array = new Uint8Array(2 * TAR_BLOCK);
