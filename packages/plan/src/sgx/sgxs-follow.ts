// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import {
  CHUNK_BYTES,
  EADD_RECORD,
  EEXTEND_RECORD,
  MEASURED_PAGE_BYTES,
  PAGE_CHUNKS,
  RECORD_BYTES,
  RECORD_TAGS,
} from './records.js';

/** A run of pages, as far as it has been read. */
export interface ReadRun {
  readonly address: bigint;
  readonly flags: bigint;
  readonly measured: boolean;
  readonly pages: number;
}

const WORDS = RECORD_BYTES / 4;
const ADDRESS_WORD = EADD_RECORD.offsetOf('offset') / 4;
const EXTEND = words(EEXTEND_RECORD.write({ tag: RECORD_TAGS.EEXTEND }));

function words(record: Uint8Array): number[] {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  return Array.from({ length: WORDS }, (_, i) => view.getUint32(4 * i, true));
}

/** Whether the record at `from` is `expected`, but for its address, which is of these two words. */
function is(view: DataView, from: number, expected: readonly number[], low: number, high: number): boolean {
  for (let i = 0; i < WORDS; i++) {
    const word = i === ADDRESS_WORD ? low : i === ADDRESS_WORD + 1 ? high : expected[i];
    if (view.getUint32(from + 4 * i, true) !== word) return false;
  }
  return true;
}

function isExtend(view: DataView, from: number): boolean {
  return view.getUint32(from, true) === EXTEND[0] && view.getUint32(from + 4, true) === EXTEND[1];
}

/**
 * Tells of the records of a page, and of what follows them, whether the page goes on with a run: every byte is what it
 * must be then. Nearly all pages do, and comparing words takes a tenth of reading a record field by field: 7 million
 * records took 22 s. False says nothing but that the page has to be read.
 */
export function follower(run: ReadRun): (bytes: Uint8Array) => boolean {
  const add = words(EADD_RECORD.write({ tag: RECORD_TAGS.EADD, flags: run.flags }));
  const start = Number(run.address);
  return (bytes) => {
    const address = start + run.pages * PAGE_SIZE;
    const measures = bytes.length >= 2 * RECORD_BYTES;
    // Past 2^53 a number is not the address that it stands for; nothing there can be launched.
    if (bytes.length < RECORD_BYTES || !Number.isSafeInteger(address)) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const [low, high] = [address >>> 0, Math.floor(address / 2 ** 32)];
    if (!is(view, 0, add, low, high)) return false;
    if (!run.measured) return !(measures && isExtend(view, RECORD_BYTES));
    if (bytes.length < MEASURED_PAGE_BYTES) return false;
    // No carry: the chunks of a page differ in the low 12 bits.
    for (let chunk = 0, from = RECORD_BYTES; chunk < PAGE_CHUNKS; chunk++, from += RECORD_BYTES + CHUNK_BYTES)
      if (!is(view, from, EXTEND, low + chunk * CHUNK_BYTES, high)) return false;
    return true;
  };
}
