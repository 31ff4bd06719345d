// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';

/** Bytes that are held at a time while a table is read. */
const WINDOW = 0x10000;

/** One record of a table: `bytes[at .. at + size]`, valid until the next record is asked for. */
export interface RecordView {
  readonly bytes: Uint8Array;
  readonly at: number;
  /** Where the record lies in the source. */
  readonly offset: number;
}

/**
 * The records of a table, one after the other, with at most 64 KiB of it in memory. The caller has checked
 * that `length` is a multiple of `size`.
 */
export function* records(
  source: ByteSource,
  offset: number,
  length: number,
  size: number,
): Generator<RecordView> {
  const step = Math.floor(WINDOW / size) * size;
  const window = new Uint8Array(Math.min(step, length));
  for (let from = 0; from < length; from += step) {
    const bytes = window.subarray(0, Math.min(step, length - from));
    source.read(offset + from, bytes);
    for (let at = 0; at < bytes.length; at += size) yield { bytes, at, offset: offset + from + at };
  }
}

/** Looks up NUL-terminated names in a string table, a window of it in memory. */
export interface Strings {
  /**
   * The name at `at`. Throws ELF_STRING, naming `field`, when it starts past the end of the table, does not end
   * within it, is longer than `limit` bytes, or is not UTF-8.
   */
  get(at: number, field: string): string;
}

/** The string table in the `size` bytes of `source` from `offset` on. `limit` bounds a name, not the table. */
export function strings(source: ByteSource, offset: number, size: number, limit: number): Strings {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const window = new Uint8Array(Math.min(size, WINDOW));
  let from = 0;
  let filled = 0;

  const fill = (at: number): void => {
    from = at;
    filled = Math.min(window.length, size - at);
    source.read(offset + at, window.subarray(0, filled));
  };

  return {
    get(at, field) {
      const bad = (expected: string, cause?: unknown): MotteError =>
        new MotteError('ELF_STRING', {
          field,
          expected,
          found: at,
          offset: offset + Math.min(at, size),
          cause,
        });
      if (at >= size) throw bad(`an offset below ${size}`);
      const most = Math.min(limit + 1, size - at);
      if (at < from || at + most > from + filled) fill(at);
      const start = at - from;
      const end = window.subarray(start, start + most).indexOf(0);
      if (end < 0) throw bad(most > limit ? `a name of at most ${limit} bytes` : 'a name that a NUL ends');
      try {
        return decoder.decode(window.subarray(start, start + end));
      } catch (cause) {
        throw bad('a name in UTF-8', cause);
      }
    },
  };
}
