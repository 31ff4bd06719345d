// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { readFooterTable } from '@motte/plan/firmware/footer-table';
import { guidBytes, guidText } from '@motte/plan/firmware/guid';
import { readSevFirmware } from '@motte/plan/firmware/sev-metadata';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';

const FOOTER = '96b582de-1fb2-45f7-baea-a366c55a082d';
const METADATA = 'dc886566-984a-4798-a75e-5585a7bf67cc';
const HASHES = '7255371f-3a3b-4b04-927b-1da6efa8d454';
const RESET = '00f771de-1a7e-4fcb-890e-68c77e2fb44e';

function u32(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

type Entry = readonly [guid: string, data: Uint8Array];

/**
 * A firmware image with a footer table, the first entry last in memory, and bytes at an offset from its end.
 */
function firmware(
  entries: readonly Entry[],
  extra: Uint8Array = new Uint8Array(0),
  fromEnd = 0x400,
): Uint8Array {
  const image = new Uint8Array(0x2000).fill(0x90);
  const view = new DataView(image.buffer);
  let at = image.length - 0x20 - 18;
  const put = (guid: string, data: Uint8Array): void => {
    image.set(guidBytes(guid), at - 16);
    view.setUint16(at - 18, data.length + 18, true);
    image.set(data, at - 18 - data.length);
    at -= data.length + 18;
  };
  for (const [guid, data] of entries) put(guid, data);
  const end = image.length - 0x20;
  image.set(guidBytes(FOOTER), end - 16);
  view.setUint16(end - 18, end - at, true);
  image.set(extra, image.length - fromEnd);
  return image;
}

function metadata(...sections: readonly (readonly [number, number, number])[]): Uint8Array {
  return u32(0x56455341, 16 + 12 * sections.length, 1, sections.length, ...sections.flat());
}

const SECTIONS = metadata([0x800000, 0x9000, 1], [0x80d000, 0x1000, 2]);
const ENTRIES: readonly Entry[] = [
  [RESET, u32(0x80b004)],
  [HASHES, u32(0x809c00, 0x400)],
  [METADATA, u32(0x400)],
];
const GOOD = firmware(ENTRIES, SECTIONS);
const read = (image: Uint8Array): ReturnType<typeof readSevFirmware> => readSevFirmware(bytesSource(image));

test('what the firmware says is read', () => {
  assert.equal(read(GOOD), {
    sections: [
      { gpa: 0x800000, size: 0x9000, type: 1 },
      { gpa: 0x80d000, size: 0x1000, type: 2 },
    ],
    hashTable: { gpa: 0x809c00, size: 0x400 },
    resetEip: 0x80b004,
    svsmEntry: undefined,
  });
  const nothing = { sections: [], hashTable: undefined, resetEip: undefined, svsmEntry: undefined };
  for (const image of [new Uint8Array(0), new Uint8Array(49), new Uint8Array(0x1000), firmware([])])
    assert.equal(read(image), nothing);
  // edk2 says "no hash table" with an address of 0.
  assert.is(read(firmware([[HASHES, u32(0, 0)]])).hashTable, undefined);
});

test('damage is refused by its place', () => {
  const long = GOOD.slice();
  new DataView(long.buffer).setUint16(long.length - 0x20 - 18, 0xffff, true);
  const short = GOOD.slice();
  new DataView(short.buffer).setUint16(short.length - 0x20 - 18, 17, true);
  const odd = GOOD.slice();
  new DataView(odd.buffer).setUint16(odd.length - 0x20 - 18, 18 + 22 + 5, true);
  const empty = GOOD.slice();
  new DataView(empty.buffer).setUint16(empty.length - 0x20 - 36, 0, true);
  const at = (word: number, value: number): Uint8Array => {
    const sections = SECTIONS.slice();
    new DataView(sections.buffer).setUint32(4 * word, value, true);
    return firmware(ENTRIES, sections);
  };
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['a table longer than the image', long, 'FIRMWARE_TABLE footer table'],
    ['a table shorter than its footer', short, 'FIRMWARE_TABLE footer table'],
    ['a table that ends within an entry', odd, 'FIRMWARE_TABLE footer table'],
    ['an entry of no length', empty, `FIRMWARE_TABLE ${RESET}`],
    ['an entry twice', firmware([...ENTRIES, [RESET, u32(1)]]), `FIRMWARE_TABLE ${RESET}`],
    ['a reset block of two words', firmware([[RESET, u32(1, 2)]]), 'FIRMWARE_TABLE entry point block'],
    ['a hash table block of one word', firmware([[HASHES, u32(1)]]), 'FIRMWARE_TABLE SEV hash table block'],
    ['metadata before the image', firmware([[METADATA, u32(0x2001)]]), 'FIRMWARE_TABLE ASEV offset'],
    ['metadata past its end', firmware([[METADATA, u32(8)]]), 'FIRMWARE_TABLE ASEV offset'],
    ['another signature', at(0, 0x1), 'FIRMWARE_TABLE ASEV.signature'],
    ['another version', at(2, 2), 'FIRMWARE_TABLE ASEV.version'],
    ['another length', at(1, 41), 'FIRMWARE_TABLE ASEV.length'],
    ['more sections than the length says', at(3, 3), 'FIRMWARE_TABLE ASEV.length'],
    ['sections without end', at(3, 0xffffffff), 'FIRMWARE_TABLE ASEV.length'],
  ];
  for (const [name, image, expected] of cases)
    assert.is(
      codeAndField(() => read(image)),
      expected,
      name,
    );
});

test('images of any sort never end in anything but a MotteError', () => {
  const end = GOOD.length - 0x440;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: end, max: GOOD.length - 1 }), fc.nat({ max: 255 })), {
        maxLength: 5,
      }),
      fc.nat({ max: GOOD.length }),
      (edits, cut) => {
        const image = GOOD.slice();
        for (const [at, value] of edits) image[at] = value;
        codeOf(() => read(image.subarray(cut % 64 === 0 ? cut : 0)));
      },
    ),
    { numRuns: 2000 },
  );
});

test('GUIDs are spelled as UEFI does', () => {
  assert.is(toHex(guidBytes(FOOTER)), 'de82b596b21ff745baeaa366c55a082d');
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      assert.equal([...guidBytes(guidText(bytes))], [...bytes]);
    }),
  );
  assert.ok(readFooterTable(bytesSource(GOOD))?.has(RESET));
});

test.run();
