// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';

/** Asking a browser for a slice costs 0.1 ms whatever its length; measurements ask for a page at a time. */
const WINDOW_BYTES: number = 1 << 20;

const NOTHING: Uint8Array = new Uint8Array(0);

/** Gives the bytes `[from, to)`, synchronously; the receiver owns them. */
export type ReadSlice = (from: number, to: number) => Uint8Array;

/** A source of `size` bytes that come in slices: one window of them is held, never the whole. */
export function windowSource(size: number, slice: ReadSlice, windowBytes: number = WINDOW_BYTES): ByteSource {
  let window: Uint8Array = NOTHING;
  let start = 0;
  const fill = (at: number): void => {
    start = at - (at % windowBytes);
    window = NOTHING; // a slice that fails leaves none behind
    window = slice(start, Math.min(size, start + windowBytes));
  };
  return {
    size,
    read(offset, into) {
      if (!Number.isSafeInteger(offset) || offset < 0 || offset + into.length > size)
        throw new MotteError('STRUCT_TRUNCATED', {
          expected: `${into.length} bytes`,
          found: Math.max(0, Math.min(into.length, size - offset)),
          offset: Math.max(0, Math.trunc(offset)),
        });
      for (let done = 0; done < into.length;) {
        const at = offset + done;
        if (at < start || at >= start + window.length) fill(at);
        const part = window.subarray(at - start, at - start + into.length - done);
        if (part.length === 0)
          throw new MotteError('FILE_ACCESS', { message: 'the file ends early', offset: at });
        into.set(part, done);
        done += part.length;
      }
    },
  };
}
