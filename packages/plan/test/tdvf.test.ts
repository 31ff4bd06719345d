// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesSource } from '@motte/binary/source';
import { tdvfPlan } from '@motte/plan/tdx/plan';
import { readTdvf, TDVF_HEAD, TDVF_SECTION } from '@motte/plan/tdx/tdvf';
import type { TdvfSection } from '@motte/plan/tdx/tdvf';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';

const SIZE = 0x4000;
const AT = 0x3000;
const CODE: TdvfSection = {
  data_offset: 0,
  raw_size: 0x1000,
  gpa: 0xfffff000n,
  mem_size: 0x1000n,
  type: 0,
  attributes: 1,
};
const HOB: TdvfSection = {
  data_offset: 0,
  raw_size: 0,
  gpa: 0x900000n,
  mem_size: 0x2000n,
  type: 2,
  attributes: 0,
};

/** An image with a descriptor at AT and its offset near the end, as td-shim builds it. */
function image(
  sections: readonly TdvfSection[],
  head: Partial<Record<'signature' | 'length' | 'version' | 'count', number>> = {},
): Uint8Array {
  const bytes = new Uint8Array(SIZE).fill(0x11);
  const count = sections.length;
  const length = TDVF_HEAD.size + count * TDVF_SECTION.size;
  bytes.set(TDVF_HEAD.write({ signature: 0x46564454, length, version: 1, count, ...head }), AT);
  sections.forEach((section, i) =>
    bytes.set(TDVF_SECTION.write(section), AT + TDVF_HEAD.size + i * TDVF_SECTION.size),
  );
  new DataView(bytes.buffer).setUint32(SIZE - 0x20, AT, true);
  return bytes;
}

const read = (bytes: Uint8Array): TdvfSection[] => readTdvf(bytesSource(bytes));

test('sections become runs', () => {
  const aug = { ...HOB, gpa: 0xa00000n, type: 4, attributes: 2 };
  const plan = tdvfPlan(bytesSource(image([CODE, HOB, aug])), 'td.fd');
  assert.equal(
    plan.runs.map(({ gpa, pages, added, extended, bytes, source }) => [
      gpa,
      pages,
      added,
      extended,
      bytes.size,
      source.section,
    ]),
    [
      [0xfffff000n, 1, true, true, 0x1000, 'BFV 0'],
      [0x900000n, 2, true, false, 0, 'TD_HOB 1'],
      [0xa00000n, 2, false, false, 0, 'PermMem 2'],
    ],
  );
});

test('each departure is refused by its field', () => {
  const one = (change: Partial<TdvfSection>): Uint8Array => image([{ ...CODE, ...change }]);
  const lost = image([CODE]);
  new DataView(lost.buffer).setUint32(SIZE - 0x20, SIZE - 8, true);
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['nothing', new Uint8Array(0), 'FIRMWARE_TABLE image'],
    ['a descriptor past the end', lost, 'FIRMWARE_TABLE TDVF offset'],
    ['another signature', image([CODE], { signature: 1 }), 'FIRMWARE_TABLE TDVF.signature'],
    ['another version', image([CODE], { version: 2 }), 'FIRMWARE_TABLE TDVF.version'],
    ['another length', image([CODE], { length: 47 }), 'FIRMWARE_TABLE TDVF.length'],
    ['sections without end', image([CODE], { count: 0xffffffff }), 'FIRMWARE_TABLE TDVF.length'],
    [
      'sections past the end',
      image([CODE], { count: 1000, length: 16 + 32000 }),
      'FIRMWARE_TABLE TDVF.length',
    ],
    ['an unknown type', one({ type: 99 }), 'FIRMWARE_TABLE TDVF section 0.type'],
    ['a GPA within a page', one({ gpa: 0xffff8100n }), 'FIRMWARE_TABLE TDVF section 0.gpa'],
    ['no memory', one({ mem_size: 0n, raw_size: 0 }), 'FIRMWARE_TABLE TDVF section 0.mem_size'],
    ['half a page', one({ mem_size: 0x1800n }), 'FIRMWARE_TABLE TDVF section 0.mem_size'],
    ['memory beyond 52 bits', one({ mem_size: 1n << 52n }), 'FIRMWARE_TABLE TDVF section 0.mem_size'],
    ['an unknown attribute', one({ attributes: 4 }), 'FIRMWARE_TABLE TDVF section 0.attributes'],
    ['more data than memory', one({ raw_size: 0x1001 }), 'FIRMWARE_TABLE TDVF section 0.raw_size'],
    ['less data than is measured', one({ raw_size: 0x800 }), 'FIRMWARE_TABLE TDVF section 0.raw_size'],
    ['data past the end', one({ data_offset: 0x3001 }), 'FIRMWARE_TABLE TDVF section 0.data_offset'],
  ];
  for (const [name, bytes, expected] of cases)
    assert.is(
      codeAndField(() => read(bytes)),
      expected,
      name,
    );
  assert.equal(read(one({ raw_size: 0x800, attributes: 0 })).length, 1);
});

test('a launch adds 4 GiB at most; memory that the guest adds itself is not counted', () => {
  const huge = { ...HOB, mem_size: 1n << 51n };
  assert.is(tdvfPlan(bytesSource(image([CODE, { ...huge, attributes: 2 }])), 'x').runs.length, 2);
  const most = { ...HOB, mem_size: (1n << 32n) - 0x1000n };
  assert.is(tdvfPlan(bytesSource(image([CODE, most])), 'x').runs.length, 2);
  for (const sections of [
    [CODE, huge],
    [CODE, { ...most, mem_size: 1n << 32n }],
    [most, CODE, HOB],
  ])
    assert.is(
      codeAndField(() => tdvfPlan(bytesSource(image(sections)), 'x')),
      `FIRMWARE_TABLE TDVF section ${sections.length - 1}.mem_size`,
    );
});

test('images of any sort never end in anything but a MotteError', () => {
  const good = image([CODE, HOB]);
  const places = fc.oneof(
    fc.integer({ min: AT, max: AT + 80 }),
    fc.integer({ min: SIZE - 0x60, max: SIZE - 1 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(places, fc.nat({ max: 255 })), { maxLength: 5 }), (edits) => {
      const bytes = good.slice();
      for (const [at, value] of edits) bytes[at] = value;
      codeOf(() => tdvfPlan(bytesSource(bytes), 'x'));
    }),
    { numRuns: 2000 },
  );
});

test.run();
