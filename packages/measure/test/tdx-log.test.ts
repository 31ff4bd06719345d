// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { readCcelTable } from '@motte/measure/ccel-table';
import { eventTypeName } from '@motte/measure/tcg-event-types';
import { readDstackLog } from '@motte/measure/tdx-dstack-log';
import { replayRtmrs } from '@motte/measure/tdx-rtmr';
import type { Step } from '@motte/measure/transcript';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';
import { ccelTable } from './samples.js';

test('the ACPI table CCEL says where the log is', () => {
  assert.equal(readCcelTable(ccelTable()), { logBytes: 0x10000, logAddress: 0x7f000000n });
});

for (const [name, bytes, expected] of [
  ['nothing', new Uint8Array(0), 'CCEL_TABLE CCEL.signature'],
  ['another table', ccelTable({ signature: new TextEncoder().encode('TDEL') }), 'CCEL_TABLE CCEL.signature'],
  ['a table that breaks off', ccelTable().subarray(0, 55), 'STRUCT_TRUNCATED CCEL'],
  ['a byte after the table', new Uint8Array([...ccelTable(), 0]), 'CCEL_TABLE CCEL.length'],
  ['another length', ccelTable({ length: 60 }), 'CCEL_TABLE CCEL.length'],
  ['another revision', ccelTable({ revision: 2 }), 'CCEL_TABLE CCEL.revision'],
  ['SEV', ccelTable({ cc_type: 1 }), 'CCEL_TABLE CCEL.cc_type'],
  ['a subtype', ccelTable({ cc_subtype: 1 }), 'CCEL_TABLE CCEL.cc_subtype'],
  ['reserved bytes in use', ccelTable({ reserved_26: 1 }), 'STRUCT_RESERVED CCEL.reserved_26'],
  ['no log', ccelTable({ laml: 0n }), 'CCEL_TABLE CCEL.laml'],
  ['a log of all memory', ccelTable({ laml: 1n << 63n }), 'CCEL_TABLE CCEL.laml'],
  ['no address', ccelTable({ lasa: 0n }), 'CCEL_TABLE CCEL.lasa'],
  ['a log past the end of memory', ccelTable({ lasa: (1n << 52n) - 0xffffn }), 'CCEL_TABLE CCEL.lasa'],
] as const) {
  test(`a CCEL table is refused: ${name}`, () => {
    assert.is(
      codeAndField(() => readCcelTable(bytes)),
      expected,
    );
  });
}

test('one changed byte of a table never passes', () => {
  const good = ccelTable();
  for (let at = 0; at < good.length; at++) {
    const bytes = good.slice();
    bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    assert.is.not(
      codeOf(() => readCcelTable(bytes)),
      'accepted',
      `byte ${at}`,
    );
  }
});

const DIGEST = '11'.repeat(48);
const FIRMWARE = { imr: 0, event_type: 4, digest: DIGEST, event: '', event_payload: '0' };
const RUNTIME = { imr: 3, event_type: 0x08000001, event: 'key', event_payload: 'AbCd' };
const RUNTIME_DIGEST = createHash('sha384')
  .update(Buffer.from([1, 0, 0, 8]))
  .update(':key:')
  .update(Buffer.from([0xab, 0xcd]))
  .digest('hex');

test('a dstack list is read in either spelling, and runtime digests are computed', () => {
  const expected = [
    { rtmr: 0, type: 4, name: '', digest: new Uint8Array(48).fill(0x11) },
    { rtmr: 3, type: 0x08000001, name: 'key', digest: new Uint8Array(Buffer.from(RUNTIME_DIGEST, 'hex')) },
  ];
  for (const digest of [{}, { digest: '' }, { digest: RUNTIME_DIGEST.toUpperCase() }])
    assert.equal(readDstackLog([FIRMWARE, { ...RUNTIME, ...digest }]), expected);
  const short = [
    { imr: '0', type: '0x4', sha384: DIGEST, event: '', payload: '' },
    { imr: 3, type: '0x8000001', sha384: RUNTIME_DIGEST, event: 'key', payload: 'abcd' },
  ];
  assert.equal(readDstackLog(short), expected);
  assert.equal(readDstackLog([]), []);
});

for (const [name, json, field] of [
  ['no array', { events: [] }, 'events'],
  ['an event that is none', [FIRMWARE, 1], 'events[1]'],
  ['a fifth register', [{ ...FIRMWARE, imr: 4 }], 'events[0].imr'],
  ['a register below zero', [{ ...FIRMWARE, imr: -1 }], 'events[0].imr'],
  ['a type of 33 bits', [{ ...FIRMWARE, event_type: 2 ** 32 }], 'events[0].event_type'],
  ['no type', [{ imr: 0, digest: DIGEST, event: '', event_payload: '' }], 'events[0].digest'],
  ['both spellings', [{ ...FIRMWARE, sha384: DIGEST }], 'events[0].sha384'],
  ['an unknown member', [{ ...FIRMWARE, version: 2 }], 'events[0].version'],
  ['no name', [{ ...FIRMWARE, event: undefined }], 'events[0].event'],
  ['no payload', [{ ...FIRMWARE, event_payload: undefined }], 'events[0].event_payload'],
  ['no digest of what firmware measured', [{ ...FIRMWARE, digest: '' }], 'events[0].digest'],
  ['a digest of 47 bytes', [{ ...FIRMWARE, digest: DIGEST.slice(2) }], 'events[0].digest'],
  ['a digest that is no hex', [{ ...FIRMWARE, digest: `${DIGEST.slice(1)}g` }], 'events[0].digest'],
  ['another digest than that of the payload', [{ ...RUNTIME, digest: DIGEST }], 'events[0].digest'],
  ['half a byte of payload', [{ ...RUNTIME, event_payload: 'abc' }], 'events[0].event_payload'],
] as const) {
  test(`a dstack list is refused: ${name}`, () => {
    assert.is(
      codeAndField(() => readDstackLog(json)),
      `EVENT_LOG ${field}`,
    );
  });
}

test('JSON of any sort never ends in anything but a MotteError', () => {
  const event = fc.record({
    imr: fc.oneof(fc.integer(), fc.string()),
    event_type: fc.oneof(fc.constant(0x08000001), fc.jsonValue()),
    digest: fc.oneof(fc.constant(DIGEST), fc.jsonValue()),
    event: fc.oneof(fc.string(), fc.jsonValue()),
    event_payload: fc.oneof(fc.constant('00'), fc.jsonValue()),
  });
  fc.assert(
    fc.property(fc.oneof(fc.array(event), fc.jsonValue()), (json) => {
      codeOf(() => readDstackLog(json));
    }),
    { numRuns: 500 },
  );
});

test('a transcript has the register after each event', () => {
  const events = readDstackLog([FIRMWARE, RUNTIME, RUNTIME]);
  const steps: Step[] = [];
  const found = replayRtmrs(events, {
    onStep: (step) => void steps.push(step),
    nameOf: ({ type, name }) => `${eventTypeName(type)} ${name}`,
  });
  assert.equal(
    steps.map(({ step }) => step),
    ['rtmr0 EV_SEPARATOR', 'rtmr3 0x8000001 key', 'rtmr3 0x8000001 key'],
  );
  const [first, second, third] = steps.map(({ digest }) => toHex(digest));
  assert.equal(
    [first, third],
    [found[0], found[3]].map((register) => toHex(register ?? new Uint8Array(0))),
  );
  assert.is(second, toHex(replayRtmrs(events.slice(0, 2))[3] ?? new Uint8Array(0)));
});

test.run();
