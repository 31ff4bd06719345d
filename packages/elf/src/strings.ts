// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';
import { WINDOW } from './records.js';

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

/** A string table with the empty name first, and where each name stands in it. */
export function stringTable(names: readonly string[]): { bytes: Uint8Array; offsets: Map<string, number> } {
  const encoder = new TextEncoder();
  const offsets = new Map<string, number>([['', 0]]);
  const parts: number[] = [0];
  for (const name of names) {
    if (offsets.has(name)) continue;
    offsets.set(name, parts.length);
    parts.push(...encoder.encode(name), 0);
  }
  return { bytes: Uint8Array.from(parts), offsets };
}
