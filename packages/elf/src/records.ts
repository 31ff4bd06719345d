// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';

/** Bytes that are held at a time while a table is read. */
export const WINDOW = 0x10000;

/** A piece of a table, whole records of it, valid until the next piece is asked for. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Over the same bytes. */
  readonly view: DataView;
  /** Where the piece lies in the source. */
  readonly offset: number;
}

/**
 * A table in pieces of at most 64 KiB, for those of so many records that a generator's step for each is felt when
 * the code is cold. The caller has checked that `length` is a multiple of `size`.
 */
export function* pieces(source: ByteSource, offset: number, length: number, size: number): Generator<Piece> {
  const step = Math.floor(WINDOW / size) * size;
  const window = new Uint8Array(Math.min(step, length));
  const view = new DataView(window.buffer);
  for (let from = 0; from < length; from += step) {
    const bytes = window.subarray(0, Math.min(step, length - from));
    source.read(offset + from, bytes);
    yield { bytes, view, offset: offset + from };
  }
}

/** One record of a table: `bytes[at .. at + size]`, valid until the next record is asked for. */
export interface RecordView {
  readonly bytes: Uint8Array;
  readonly at: number;
  /** Where the record lies in the source. */
  readonly offset: number;
}

/** The records of a table, one after the other, with a piece of it in memory. As `pieces`. */
export function* records(
  source: ByteSource,
  offset: number,
  length: number,
  size: number,
): Generator<RecordView> {
  for (const { bytes, offset: start } of pieces(source, offset, length, size)) {
    for (let at = 0; at < bytes.length; at += size) yield { bytes, at, offset: start + at };
  }
}
