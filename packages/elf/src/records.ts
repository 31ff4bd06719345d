// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';

/** Bytes that are held at a time while a table is read. */
export const WINDOW = 0x10000;

/** One record of a table: `bytes[at .. at + size]`, valid until the next record is asked for. */
export interface RecordView {
  readonly bytes: Uint8Array;
  /** Over the same bytes: for tables of so many records that an object for each would be felt. */
  readonly view: DataView;
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
  const view = new DataView(window.buffer);
  for (let from = 0; from < length; from += step) {
    const bytes = window.subarray(0, Math.min(step, length - from));
    source.read(offset + from, bytes);
    for (let at = 0; at < bytes.length; at += size) yield { bytes, view, at, offset: offset + from + at };
  }
}
