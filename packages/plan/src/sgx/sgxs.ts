// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { readBytes } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import type { PagePlan, PageRun } from '../plan.js';
import { NO_BYTES } from '../sources.js';
import { checkSgxPlan, MAX_RUNS } from './check.js';
import {
  CHUNK_BYTES,
  EADD_RECORD,
  ECREATE_RECORD,
  EEXTEND_RECORD,
  MEASURED_PAGE_BYTES,
  PAGE_CHUNKS,
  RECORD_BYTES,
  RECORD_TAGS,
} from './records.js';
import { parseSecinfoFlags } from './secinfo-flags.js';
import { secsRun } from './secs.js';
import { follower } from './sgxs-follow.js';
import type { SecsInput } from './secs.js';

/** What a stream does not say, because MRENCLAVE does not cover it; the SIGSTRUCT beside it does. */
export type SgxsOptions = Pick<SecsInput, 'attributes' | 'xfrm' | 'miscselect'> & {
  /** The stream's name, for `RunSource.file`. */
  readonly file: string;
};

const STEP = RECORD_BYTES + CHUNK_BYTES;

/** Fortanix's tag of a chunk that is loaded but not measured. */
const UNMEASRD = 0x44525341454d4e55n;

/** The contents of `pages` measured pages whose records follow each other in the stream from `start` on. */
function pagesSource(stream: ByteSource, start: number, pages: number): ByteSource {
  return {
    size: pages * PAGE_SIZE,
    read(offset, into) {
      for (let done = 0; done < into.length;) {
        const at = offset + done;
        const chunk = Math.floor((at % PAGE_SIZE) / CHUNK_BYTES);
        const within = at % CHUNK_BYTES;
        const page = start + Math.floor(at / PAGE_SIZE) * MEASURED_PAGE_BYTES;
        const count = Math.min(CHUNK_BYTES - within, into.length - done);
        stream.read(page + 2 * RECORD_BYTES + chunk * STEP + within, into.subarray(done, done + count));
        done += count;
      }
    },
  };
}

/** Reads ahead, so that a file is not asked for 64 bytes at a time. */
function reader(stream: ByteSource): (at: number) => Uint8Array {
  let window: Uint8Array = new Uint8Array(0);
  let start = 0;
  return (at) => {
    const want = Math.min(MEASURED_PAGE_BYTES, stream.size - at);
    if (at < start || at + want > start + window.length) {
      window = readBytes(stream, at, Math.min(16 * MEASURED_PAGE_BYTES, stream.size - at));
      start = at;
    }
    return window.subarray(at - start, at - start + want);
  };
}

function tagOf(bytes: Uint8Array, at: number): bigint | undefined {
  if (at + RECORD_BYTES > bytes.length) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, true);
}

function tagName(tag: bigint | undefined): string {
  if (tag === undefined) return 'the end of the stream';
  if (tag === UNMEASRD) return 'UNMEASRD, a Fortanix extension that the CPU never hashes';
  const known = Object.entries(RECORD_TAGS).find(([, value]) => value === tag);
  return known?.[0] ?? `tag 0x${tag.toString(16)}`;
}

function refuse(what: string, expected: string, found: string, offset: number): MotteError {
  return new MotteError('SGXS_RECORD', { field: what, expected, found, offset });
}

function explainChunk(bytes: Uint8Array, from: number, chunk: number, page: bigint, at: number): MotteError {
  const whole = from + STEP <= bytes.length;
  const tag = whole ? tagOf(bytes, from) : undefined;
  if (tag !== RECORD_TAGS.EEXTEND) {
    return new MotteError('SGXS_ORDER', {
      field: `EADD 0x${page.toString(16)}`,
      expected: `EEXTEND of chunk ${chunk}, so that the page is measured whole`,
      found: tagName(tag),
      offset: at + from,
    });
  }
  return new MotteError('SGXS_ORDER', {
    field: 'EEXTEND.offset',
    expected: page + BigInt(chunk * CHUNK_BYTES),
    found: EEXTEND_RECORD.readStrict(bytes, from, at).offset,
    offset: at + from + 8,
  });
}

/** Checks the 16 EEXTENDs that follow an EADD in `bytes`; `at` is the EADD's offset in the stream. */
function checkChunks(bytes: Uint8Array, page: bigint, at: number): void {
  const record = EEXTEND_RECORD.write({ tag: RECORD_TAGS.EEXTEND, offset: page });
  const view = new DataView(record.buffer);
  for (let chunk = 0; chunk < PAGE_CHUNKS; chunk++) {
    const from = RECORD_BYTES + chunk * STEP;
    view.setBigUint64(8, BigInt.asUintN(64, page + BigInt(chunk * CHUNK_BYTES)), true);
    let same = from + STEP <= bytes.length;
    for (let i = 0; same && i < RECORD_BYTES; i++) same = bytes[from + i] === record[i];
    if (!same) throw explainChunk(bytes, from, chunk, page, at);
  }
}

interface Page {
  readonly address: bigint;
  readonly flags: bigint;
  readonly measured: boolean;
}

function readPage(bytes: Uint8Array, at: number): Page {
  const tag = tagOf(bytes, 0);
  if (tag === RECORD_TAGS.EEXTEND)
    throw new MotteError('SGXS_ORDER', { field: 'record', expected: 'EADD', found: 'EEXTEND', offset: at });
  if (tag !== RECORD_TAGS.EADD) throw refuse('record', 'EADD', tagName(tag), at);
  const { offset, flags } = EADD_RECORD.readStrict(bytes, 0, at);
  const measured = tagOf(bytes, RECORD_BYTES) === RECORD_TAGS.EEXTEND;
  if (measured) checkChunks(bytes, offset, at);
  return { address: offset, flags, measured };
}

/** A run that still grows: pages that follow each other in the Keep and in the stream. */
interface Growing extends Page {
  readonly at: number;
  pages: number;
}

function finish(run: Growing, stream: ByteSource, file: string): PageRun {
  const known = parseSecinfoFlags(run.flags);
  if (known === undefined) {
    const expected = 'REG with R, RW, RX or RWX (0x201-0x207), or TCS (0x100)';
    throw refuse('EADD.flags', expected, `0x${run.flags.toString(16)}`, run.at + 16);
  }
  return {
    ...known,
    address: run.address,
    pages: run.pages,
    measured: run.measured,
    bytes: run.measured ? pagesSource(stream, run.at, run.pages) : NO_BYTES,
    source: { file, section: 'EADD', offset: run.at, ...(run.measured ? { inline: true } : {}) },
  };
}

/**
 * The plan of an .sgxs stream: the bytes that the CPU hashes, record after record, as Fortanix's tools and
 * `motte measure sgx --sgxs` write them. Strict: every byte of every record is checked, all of the stream is
 * used, and a page is measured whole or not at all. Throws SGXS_RECORD, SGXS_ORDER, STRUCT_RESERVED,
 * PLAN_INVALID.
 */
export function readSgxs(stream: ByteSource, options: SgxsOptions): PagePlan {
  const next = reader(stream);
  const tag = tagOf(next(0), 0);
  if (tag !== RECORD_TAGS.ECREATE) throw refuse('record', 'ECREATE', tagName(tag), 0);
  const { size, ssaframesize } = ECREATE_RECORD.readStrict(next(0));
  const runs: PageRun[] = [secsRun({ ...options, size, ssaFrameSize: ssaframesize })];
  let last: Growing | undefined;
  let follows: (bytes: Uint8Array) => boolean = () => false;
  for (let at = RECORD_BYTES; at < stream.size;) {
    const bytes = next(at);
    if (last !== undefined && follows(bytes)) last.pages++;
    else {
      const page = readPage(bytes, at);
      if (last !== undefined) runs.push(finish(last, stream, options.file));
      if (runs.length > MAX_RUNS) break;
      last = { ...page, at, pages: 1 };
      follows = follower(last);
    }
    at += last.measured ? MEASURED_PAGE_BYTES : RECORD_BYTES;
  }
  if (last !== undefined) runs.push(finish(last, stream, options.file));
  return checkSgxPlan({ tee: 'sgx', size, runs });
}
