// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Mapping } from '@motte/plan/vm/page-tables';
import { PageTables } from '@motte/plan/vm/page-tables';
import { codeAndField } from '@motte/test-helpers/errors';
import { translate, translateViews } from './page-table-walk.js';
import type { Translated } from './page-table-walk.js';

const AT = 0x1_2345_6000n;
const C_BITS = [0n, 1n << 51n, 1n << 47n];

/** Each page that `mappings` ask for, ascending. */
function asked(mappings: readonly Mapping[], cBit: bigint): Translated[] {
  const pages = mappings.flatMap((one) =>
    Array.from({ length: one.pages }, (_, i): Translated => {
      const at = BigInt(i) * (one.large === true ? 0x200000n : 0x1000n);
      return {
        virtual: one.virtual + at,
        physical: one.physical + at,
        write: one.permissions.write,
        execute: one.permissions.execute,
        user: one.user,
        encrypted: one.encrypted && cBit !== 0n,
        large: one.large === true,
      };
    }),
  );
  return pages.sort((a, b) => (a.virtual < b.virtual ? -1 : 1));
}

/** Mappings that do not overlap: wide apart, side by side, across the borders of tables of every level. */
const mappings: fc.Arbitrary<Mapping[]> = fc
  .array(
    fc.record({
      gap: fc.oneof(
        fc.bigInt({ min: 0n, max: 3n }),
        fc.bigInt({ min: 0n, max: 1n << 18n }),
        fc.bigInt({ min: 0n, max: 1n << 31n }),
      ),
      pages: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 500, max: 530 })),
      physical: fc.bigInt({ min: 0n, max: (1n << 25n) - 1n }),
      rights: fc.constantFrom('r', 'rw', 'rx'),
      user: fc.boolean(),
      encrypted: fc.boolean(),
      large: fc.boolean(),
    }),
    { maxLength: 9 },
  )
  .map((parts) => {
    let next = 0n;
    return parts.map(({ gap, pages, physical, rights, user, encrypted, large }): Mapping => {
      const size = large ? 0x200000n : 0x1000n;
      const virtual = (next + gap * 0x1000n + size - 1n) & ~(size - 1n);
      next = virtual + BigInt(pages) * size;
      const permissions = { read: true, write: rights === 'rw', execute: rights === 'rx' };
      const common = { virtual, physical: physical * size, pages, permissions, user, encrypted };
      return large ? { ...common, large } : common;
    });
  });

const PAGE: Mapping = {
  virtual: 0x200000n,
  physical: 0x200000n,
  pages: 1,
  permissions: { read: true, write: false, execute: false },
  user: false,
  encrypted: true,
};

test('walking the tables gives back exactly the pages that were asked for', () => {
  fc.assert(
    fc.property(mappings, fc.constantFrom(...C_BITS), fc.boolean(), (list, cBit, backwards) => {
      const order = backwards ? [...list].sort((a, b) => (a.virtual < b.virtual ? 1 : -1)) : list;
      const tables = new PageTables(order, cBit);
      const bytes = tables.bytes(AT);
      assert.equal(translate(bytes, AT, cBit), asked(list, cBit));
      assert.is(bytes.length, tables.count * 4096);
    }),
    { numRuns: 200 },
  );
});

test('a shim in ring 3 can use every page by its own tables, and the exec no other than before', () => {
  fc.assert(
    fc.property(mappings, (list) => {
      const tables = new PageTables(list, 0n, 2);
      const bytes = tables.bytes(AT);
      assert.is(bytes.length, tables.count * 4096);
      const [exec, shim] = translateViews(bytes, AT, tables.second);
      assert.equal(exec, asked(list, 0n));
      assert.equal(
        shim,
        asked(list, 0n).map((one) => ({ ...one, user: true })),
      );
    }),
    { numRuns: 200 },
  );
});

test('the two views share what is below', () => {
  const page = { physical: 0x5000n, pages: 1, permissions: PAGE.permissions, encrypted: true };
  const list = [
    { ...page, virtual: 0x1000n, user: false },
    { ...page, virtual: 1n << 40n, user: true },
    { ...page, virtual: 1n << 41n, user: true },
    { ...page, virtual: (1n << 41n) + 0x1000n, user: false },
  ];
  // PML4 and three tables for each of three pages; again the PML4, and those on the way to the last two.
  assert.is(new PageTables(list, 0n).count, 10);
  const { count, second } = new PageTables(list, 0n, 2);
  assert.equal([second, count], [10, 14]);
});

test('what leads to no page of ring 3 is closed to it', () => {
  const page = {
    physical: 0x5000n,
    pages: 1,
    permissions: { read: true, write: true, execute: false },
    encrypted: true,
  };
  const bytes = new PageTables(
    [
      { ...page, virtual: 0x1000n, user: false },
      { ...page, virtual: 1n << 40n, user: true },
    ],
    0n,
  ).bytes(AT);
  const entry = (at: number): bigint => new DataView(bytes.buffer).getBigUint64(at, true);
  // Tables 1 to 3 are those of the first page, 4 to 6 those of the second.
  assert.is(entry(0), (AT + 0x1000n) | 0x23n);
  assert.is(entry(2 * 8), (AT + 0x4000n) | 0x27n);
  assert.is(entry(3 * 0x1000 + 8), 0x5000n | (1n << 63n) | 0x63n);
  assert.is(entry(6 * 0x1000), 0x5000n | (1n << 63n) | 0x67n);
});

for (const [name, list, expected] of [
  ['twice the same page', [PAGE, PAGE], 'PLAN_INVALID page tables, 0x200000: virtual'],
  [
    'a page within a large one',
    [{ ...PAGE, large: true }, PAGE],
    'PLAN_INVALID page tables, 0x200000: virtual',
  ],
  [
    'a large page around one',
    [PAGE, { ...PAGE, large: true }],
    'PLAN_INVALID page tables, 0x200000: virtual',
  ],
  [
    'writable code',
    [{ ...PAGE, permissions: { read: true, write: true, execute: true } }],
    'PLAN_INVALID page tables, 0x200000: permissions',
  ],
  ['half a page', [{ ...PAGE, virtual: 0x200800n }], 'PLAN_INVALID page tables, 0x200800: virtual'],
  [
    'a large page at a small one',
    [{ ...PAGE, physical: 0x1000n, large: true }],
    'PLAN_INVALID page tables, 0x200000: physical',
  ],
  ['no page', [{ ...PAGE, pages: 0 }], 'PLAN_INVALID page tables, 0x200000: pages'],
  ['the upper half', [{ ...PAGE, virtual: 1n << 47n }], 'PLAN_INVALID page tables, 0x800000000000: virtual'],
  [
    'an address with the C-bit in it',
    [{ ...PAGE, physical: 1n << 51n }],
    'PLAN_INVALID page tables, 0x200000: physical',
  ],
  ['the last page', [{ ...PAGE, virtual: (1n << 47n) - 0x1000n }], 'accepted'],
] as const) {
  test(`${name}: ${expected}`, () => {
    assert.is(
      codeAndField(() => new PageTables(list, 1n << 51n)),
      expected,
    );
  });
}

test.run();
