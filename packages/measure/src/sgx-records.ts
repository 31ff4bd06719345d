// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import type { PageRun } from '@motte/plan/plan';
import {
  CHUNK_BYTES,
  EADD_RECORD,
  ECREATE_RECORD,
  EEXTEND_RECORD,
  MEASURED_PAGE_BYTES,
  PAGE_CHUNKS,
  RECORD_BYTES,
  RECORD_TAGS,
} from '@motte/plan/sgx/records';
import { secinfoFlags } from '@motte/plan/sgx/secinfo-flags';
import { readSecs } from '@motte/plan/sgx/secs';
import { WINDOW_BYTES } from '@motte/plan/walk';
import type { PlanVisitor } from '@motte/plan/walk';

/** Takes the next bytes of a stream; they are valid until it returns. */
export type RecordSink = (bytes: Uint8Array) => void;

/** A visitor that turns a plan into the CPU's records, and the window that it must be walked with. */
export interface SgxRecords {
  readonly visitor: PlanVisitor;
  readonly window: Uint8Array;
  /** Hands on what is still staged. */
  end(): void;
}

/** One page at a time reaches 1,090 MB/s here, four 1,190, sixteen no more. */
const STAGED_PAGES = 4;
const STAGED_ADDS = 1024;
const OFFSET_AT = EADD_RECORD.offsetOf('offset');
const STEP = RECORD_BYTES + CHUNK_BYTES;
const FLAGS_AT = EADD_RECORD.offsetOf('flags');

/** Bits 63:32 of an address; a plan's are below 2^46, so a number holds them exactly. */
function upper(address: number): number {
  return Math.floor(address / 2 ** 32);
}

/**
 * `count` slots of `bytes` each, with the constant part of their records written ahead, and how many are in
 * use.
 */
function stagingArea(
  slot: Uint8Array,
  count: number,
  sink: RecordSink,
): { bytes: Uint8Array; view: DataView; next(): number; flush(): void } {
  const bytes = new Uint8Array(slot.length * count);
  for (let i = 0; i < count; i++) bytes.set(slot, i * slot.length);
  let used = 0;
  const flush = (): void => {
    if (used > 0) sink(bytes.subarray(0, used * slot.length));
    used = 0;
  };
  return {
    bytes,
    view: new DataView(bytes.buffer),
    next() {
      if (used === count) flush();
      return used++ * slot.length;
    },
    flush,
  };
}

function measuredSlot(): Uint8Array {
  const slot = new Uint8Array(MEASURED_PAGE_BYTES);
  slot.set(EADD_RECORD.write({ tag: RECORD_TAGS.EADD }));
  const extend = EEXTEND_RECORD.write({ tag: RECORD_TAGS.EEXTEND });
  for (let chunk = 0; chunk < PAGE_CHUNKS; chunk++) slot.set(extend, RECORD_BYTES + chunk * STEP);
  return slot;
}

function chunkViews(window: Uint8Array): Uint8Array[] {
  const count = window.length / CHUNK_BYTES;
  return Array.from({ length: count }, (_, i) => window.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES));
}

/**
 * The records of a plan, in order, to `sink`. Contents are copied chunk by chunk between headers that were
 * written ahead, so that the hash sees few, large updates: small ones cost 40 % of the speed.
 */
export function sgxRecords(sink: RecordSink): SgxRecords {
  const window = new Uint8Array(WINDOW_BYTES);
  const chunks = chunkViews(window);
  const zeroChunks = chunkViews(new Uint8Array(PAGE_SIZE));
  const pages = stagingArea(measuredSlot(), STAGED_PAGES, sink);
  const adds = stagingArea(EADD_RECORD.write({ tag: RECORD_TAGS.EADD }), STAGED_ADDS, sink);
  let flags = 0;

  const flush = (): void => {
    // Only one of the two holds anything: a run is of one sort, and runs are flushed apart.
    pages.flush();
    adds.flush();
  };
  const setAdd = (view: DataView, record: number, address: number): void => {
    view.setUint32(record + OFFSET_AT, address >>> 0, true);
    view.setUint32(record + OFFSET_AT + 4, upper(address), true);
    view.setUint32(record + FLAGS_AT, flags, true);
  };
  const page = (address: number, contents: readonly Uint8Array[], from: number): void => {
    const { bytes, view } = pages;
    const slot = pages.next();
    setAdd(view, slot, address);
    const low = address >>> 0;
    const high = upper(address);
    for (let chunk = 0, record = slot + RECORD_BYTES; chunk < PAGE_CHUNKS; chunk++, record += STEP) {
      // No carry: a page's chunks differ in the low 12 bits alone.
      view.setUint32(record + OFFSET_AT, low + chunk * CHUNK_BYTES, true);
      view.setUint32(record + OFFSET_AT + 4, high, true);
      const content = contents[from + chunk];
      if (content !== undefined) bytes.set(content, record + RECORD_BYTES);
    }
  };
  const addAll = (run: PageRun): void => {
    const start = Number(run.address);
    for (let i = 0; i < run.pages; i++) setAdd(adds.view, adds.next(), start + i * PAGE_SIZE);
  };

  const visitor: PlanVisitor = {
    begin(run) {
      flush();
      if (run.kind === 'secs') {
        const { size, ssaframesize } = readSecs(run);
        sink(ECREATE_RECORD.write({ tag: RECORD_TAGS.ECREATE, size, ssaframesize }));
        return false;
      }
      flags = secinfoFlags(run);
      if (!run.measured) addAll(run);
      return run.measured;
    },
    content(run, first, bytes) {
      const start = Number(run.address) + first * PAGE_SIZE;
      for (let at = 0; at < bytes.length; at += PAGE_SIZE) page(start + at, chunks, at / CHUNK_BYTES);
    },
    zeros(run, first, count) {
      const start = Number(run.address) + first * PAGE_SIZE;
      for (let i = 0; i < count; i++) page(start + i * PAGE_SIZE, zeroChunks, 0);
    },
  };
  return { visitor, window, end: flush };
}
