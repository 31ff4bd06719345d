// SPDX-License-Identifier: Apache-2.0
// The readers of lists and of the ACPI table against damaged input; fuzz.test.ts has the others. The vectors are further
// seeds where they are.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { CCEL_TABLE, readCcelTable } from '@motte/measure/ccel-table';
import { measureSnp } from '@motte/measure/snp';
import { readSnpPageLists } from '@motte/measure/snp-page-lists';
import { readDstackLog } from '@motte/measure/tdx-dstack-log';
import { readCcelLog } from '@motte/measure/tdx-event-log';
import { readTdxPageLists } from '@motte/measure/tdx-page-lists';
import { replayRtmrs } from '@motte/measure/tdx-rtmr';
import { fuzzParser } from '@motte/test-helpers/parser-fuzz';
import { haveVectors, vector } from '@motte/test-helpers/vectors';
import { ccelTable } from './samples.js';

const POOL = bytesSource(Uint8Array.from({ length: 2 * 4096 }, (_, i) => (i * 7) & 0xff));

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The JSON of an input; what is none, the command says, and the reader of a list is looked at here. */
function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** Lists have paths for places; most damage to a text is no JSON any more. */
const LIST = { offsetless: /^(?:PAGE_LIST|EVENT_LOG) /u, runs: 3000 };

/** A seed as often as the corpus has refused inputs. */
function often(seed: Uint8Array): Uint8Array[] {
  return Array.from({ length: 16 }, () => seed);
}

test('lists of SNP pages', () => {
  const steps = [
    { type: 'NORMAL', gpa: '0x1000', data_offset: 4096 },
    { type: 'ZERO', gpa: 0x2000 },
    { type: 'VMSA', gpa: '0xfffffffff000', data_offset: '0' },
  ];
  const initial = 'ab'.repeat(48);
  fuzzParser({
    ...LIST,
    name: 'snp-page-lists',
    seeds: often(text({ pages: 'p', page_labels: {}, lists: [{ name: 'a', initial, steps }] })),
    parse: ({ bytes }) =>
      readSnpPageLists(json(bytes), () => POOL).map(({ plan }) => toHex(measureSnp(plan))),
    holds: (digests) => assert.ok(digests.every((digest) => digest.length === 96)),
  });
});

test('lists of TDX operations', () => {
  const steps = [
    { op: 'TDH.MEM.PAGE.ADD', gpa: '0x1000' },
    { op: 'TDH.MR.EXTEND', gpa: 0x1100, chunk_offset: '344' },
  ];
  fuzzParser({
    ...LIST,
    name: 'tdx-page-lists',
    seeds: often(text({ chunks: 'p', lists: [{ name: 'a', note: 'n', steps, final: 'f' }] })),
    parse: ({ bytes }) => readTdxPageLists(json(bytes), () => POOL).map((list) => [...list.operations]),
    holds: (lists) => assert.ok(lists.flat().every((one) => one.op === 'add' || one.chunk.length === 256)),
  });
});

test('lists of dstack events', () => {
  const firmware = { imr: 0, event_type: 4, digest: '11'.repeat(48), event: '', event_payload: '0' };
  const runtime = { imr: 3, event_type: 0x08000001, event: 'key', event_payload: 'AbCd' };
  fuzzParser({
    ...LIST,
    name: 'dstack-log',
    seeds: often(text([firmware, runtime])),
    parse: ({ bytes }) => replayRtmrs(readDstackLog(json(bytes))),
    holds: (registers) => assert.is(registers.length, 4),
  });
});

const REAL = haveVectors('tdx-rtmr');

test('the ACPI table CCEL', () => {
  fuzzParser({
    name: 'ccel-table',
    seeds: [ccelTable(), ...(REAL ? [vector('tdx-rtmr', 'cos113_ccel_table.dat')] : [])],
    // Every table that is accepted is small enough to be tried with its sum made right, too.
    parse: ({ bytes }) => {
      if (bytes.length === CCEL_TABLE.size) {
        const at = CCEL_TABLE.offsetOf('checksum');
        const sum = bytes.reduce((all, byte, i) => (i === at ? all : all + byte), 0);
        return readCcelTable(bytes.map((byte, i) => (i === at ? -sum & 0xff : byte)));
      }
      return readCcelTable(bytes);
    },
    holds: ({ logBytes }) => assert.ok(logBytes > 0 && logBytes < 2 ** 52),
  });
});

if (REAL) {
  test('a real CCEL log', () => {
    fuzzParser({
      name: 'ccel-real',
      seeds: [vector('tdx-rtmr', 'cos113_ccel_data.dat')],
      parse: ({ bytes }) => replayRtmrs(readCcelLog(bytes).events),
      runs: 100,
    });
  });
} else {
  console.log('skipped: a real CCEL log: no vectors');
}

test.run();
