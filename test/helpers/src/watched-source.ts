// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';

/** No reader has a reason to want more at once. */
export const MOST_AT_ONCE: number = 1 << 20;
/** Nor, before it is asked for contents, more in all. */
export const MOST_IN_ALL: number = 1 << 26;

/** The largest file that the readers are promised to bear. */
export const SPARSE_BYTES: number = 2 ** 32;

/** Where the bytes lie in a large file, and how large it is; the rest of it is zeros. */
export interface Placement {
  readonly size: number;
  readonly end: 'head' | 'tail';
}

/**
 * `bytes` as a source that watches how it is read: a single read beyond MOST_AT_ONCE, or more than MOST_IN_ALL
 * altogether, is an error that no reader can mean. With `placement` they are the head or the tail of a large, sparse
 * file that is held nowhere.
 */
export function watchedSource(
  bytes: Uint8Array,
  { size, end }: Placement = { size: bytes.length, end: 'head' },
): ByteSource {
  const start = end === 'head' ? 0 : size - bytes.length;
  let sum = 0;
  return {
    size,
    read(offset, into) {
      const { length } = into;
      if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > size)
        throw new MotteError('STRUCT_TRUNCATED', {
          field: 'file',
          expected: `${length} bytes`,
          found: Math.max(0, Math.min(length, size - offset)),
          offset: Math.max(0, Math.trunc(offset)),
        });
      sum += length;
      if (length > MOST_AT_ONCE) throw new Error(`a single read of ${length} bytes at ${offset}`);
      if (sum > MOST_IN_ALL) throw new Error(`reads of more than ${MOST_IN_ALL} bytes in all`);
      into.fill(0);
      const from = Math.max(offset, start);
      const to = Math.min(offset + length, start + bytes.length);
      if (from < to) into.set(bytes.subarray(from - start, to - start), from - offset);
    },
  };
}
