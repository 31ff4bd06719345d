// SPDX-License-Identifier: Apache-2.0
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import { test } from 'uvu';
import { layout } from '../src/layout.js';
import type { Layout } from '../src/layout.js';
import { toC } from '../src/c-header.js';
import { MotteError } from '../src/error.js';

const FIELDS = [
  { at: 0, name: 'a', type: 'u8' },
  { at: 1, name: 'b', type: 'u16' },
  { at: 3, name: 'reserved_003', type: 'bytes5' },
  { at: 8, name: 'c', type: 'u64' },
  { at: 16, name: 'd', type: 'u32be' },
  { at: 20, name: 'e', type: 'bytes4' },
] as const;
const SAMPLE: Layout<typeof FIELDS> = layout({ name: 'SAMPLE', size: 24, source: 'this test' }, FIELDS);

function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof MotteError) return `${error.code} ${error.field ?? ''}`.trim();
    throw error;
  }
  return 'accepted';
}

test('writes and reads back every value', () => {
  const values = fc.record({
    a: fc.integer({ min: 0, max: 0xff }),
    b: fc.integer({ min: 0, max: 0xffff }),
    c: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    d: fc.integer({ min: 0, max: 0xffffffff }),
    e: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  });
  fc.assert(
    fc.property(values, fc.nat(9), (v, pad) => {
      const bytes = new Uint8Array(24 + pad);
      bytes.set(SAMPLE.write(v), pad);
      assert.equal(SAMPLE.readStrict(bytes, pad), { ...v, reserved_003: new Uint8Array(5) });
    }),
  );
});

test('little-endian by default, big-endian where the type says so', () => {
  const bytes = SAMPLE.write({ b: 0x1234, d: 0x01020304 });
  assert.equal([...bytes.subarray(1, 3), ...bytes.subarray(16, 20)], [0x34, 0x12, 1, 2, 3, 4]);
});

for (const [name, fields, size, expected] of [
  [
    'a gap',
    [
      { at: 0, name: 'a', type: 'u8' },
      { at: 2, name: 'b', type: 'u8' },
    ],
    3,
    'LAYOUT_INVALID T.b',
  ],
  [
    'an overlap',
    [
      { at: 0, name: 'a', type: 'u16' },
      { at: 1, name: 'b', type: 'u8' },
    ],
    2,
    'LAYOUT_INVALID T.b',
  ],
  [
    'a name twice',
    [
      { at: 0, name: 'a', type: 'u8' },
      { at: 1, name: 'a', type: 'u8' },
    ],
    2,
    'LAYOUT_INVALID T.a',
  ],
  ['a wrong size', [{ at: 0, name: 'a', type: 'u8' }], 2, 'LAYOUT_INVALID T'],
  ['a type without size', [{ at: 0, name: 'a', type: 'bytes0' }], 0, 'LAYOUT_INVALID T.a'],
] as const) {
  test(`a table with ${name} is refused when it is made`, () => {
    assert.is(
      code(() => layout({ name: 'T', size, source: 'this test' }, fields)),
      expected,
    );
  });
}

test('values that do not fit are refused by name', () => {
  assert.is(
    code(() => SAMPLE.write({ a: 256 })),
    'STRUCT_VALUE SAMPLE.a',
  );
  assert.is(
    code(() => SAMPLE.write({ b: -1 })),
    'STRUCT_VALUE SAMPLE.b',
  );
  assert.is(
    code(() => SAMPLE.write({ c: 1n << 64n })),
    'STRUCT_VALUE SAMPLE.c',
  );
  assert.is(
    code(() => SAMPLE.write({ e: new Uint8Array(3) })),
    'STRUCT_VALUE SAMPLE.e',
  );
  assert.is(
    code(() => SAMPLE.write({ stray: 1 } as never)),
    'STRUCT_VALUE SAMPLE.stray',
  );
});

test('a short structure and each non-zero reserved byte are refused with their offset', () => {
  assert.is(
    code(() => SAMPLE.read(new Uint8Array(23))),
    'STRUCT_TRUNCATED SAMPLE',
  );
  for (let at = 3; at < 8; at++) {
    const bytes = new Uint8Array(24);
    bytes[at] = 1;
    assert.equal(SAMPLE.nonZeroReserved(bytes), ['reserved_003']);
    try {
      SAMPLE.readStrict(bytes);
      assert.unreachable();
    } catch (error) {
      assert.is((error as MotteError).code, 'STRUCT_RESERVED');
      assert.is((error as MotteError).offset, BigInt(at));
    }
  }
});

test('the C structure asserts its size and each offset', () => {
  const c = toC(SAMPLE);
  assert.match(c, 'uint8_t reserved_003[5];');
  assert.match(c, '_Static_assert(sizeof(struct sample) == 24,');
  assert.is(c.match(/__builtin_offsetof/g)?.length, FIELDS.length);
});

/** As Node's Buffer: `slice` shares memory. */
class Sharing extends Uint8Array<ArrayBuffer> {
  override slice(from?: number, to?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(from, to);
  }
}

test('values are copies, of a Buffer too', () => {
  const bytes = new Sharing(new ArrayBuffer(24)).fill(7);
  const { e } = SAMPLE.read(bytes);
  bytes.fill(0);
  assert.ok(e.every((byte) => byte === 7));
});

test.run();
