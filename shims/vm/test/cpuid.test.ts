// SPDX-License-Identifier: Apache-2.0
// The CPUID page against the policy that is measured: wrong field by field (SECURITY.md, rule 5).
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { REASONS } from '@motte/hostcall/reasons';
import { CPUID_POLICY, CPUID_STATE_POLICY, CPUID_XSAVE_POLICY } from '@motte/plan/snp/cpuid-policy';
import type { CpuidWords } from '@motte/plan/snp/cpuid-policy';
import { cpuidPage, goodRows, required } from './support/cpuid.js';
import type { Row } from './support/cpuid.js';
import { GOOD, end, hasBearssl, run } from './support/world.js';

const REFUSED = `refused ${REASONS.CPUID_PAGE.number}`;
const AVX = 0x7n;
const AVX512 = 0xe7n;
const SSE = 0x3n;

const shown = (page: Uint8Array, xcr0: bigint, args: readonly string[] = []): string[] =>
  run(['cpuid', ...args], { ...GOOD, cpuid: page, xcr0 });

const replace = (rows: readonly Row[], leaf: number, subleaf: number, change: (row: Row) => Row): Row[] =>
  rows.map((row) => (row.leaf === leaf && row.subleaf === subleaf ? change(row) : row));

const without = (all: CpuidWords, word: number, bit: number): CpuidWords =>
  all.map((value, i) => (i === word ? (value & ~(1 << bit)) >>> 0 : value)) as unknown as CpuidWords;

/** The words that CPUID shows. */
function words(page: Uint8Array, xcr0: bigint, leaf: number, subleaf = 0): number[] {
  const [line = ''] = shown(page, xcr0, [leaf.toString(16), subleaf.toString(16)]);
  return line
    .split(' ')
    .slice(3)
    .map((word) => Number.parseInt(word, 16));
}

if (!hasBearssl) console.log('skipped: cpuid: scripts/fetch-bearssl has not been run');
else {
  for (const xcr0 of [SSE, AVX, AVX512]) {
    test(`a page with what is required and no more, XCR0 ${xcr0}`, () => {
      assert.equal(shown(cpuidPage(goodRows()), xcr0), ['done']);
    });
    test(`a page with every bit set shows the policy's, XCR0 ${xcr0}`, () => {
      const page = cpuidPage(goodRows(true));
      for (const { leaf, maximum } of CPUID_POLICY) {
        const expected = CPUID_STATE_POLICY.filter(
          (row) => row.leaf === leaf && (BigInt(row.xcr0) & xcr0) === 0n,
        ).reduce((most, row) => most.map((value, i) => (value & ~(row.maximum[i] ?? 0)) >>> 0), [...maximum]);
        if (leaf === 1) expected[2] = ((expected[2] ?? 0) | 0x800_0000) >>> 0;
        assert.equal(words(page, xcr0, leaf), expected, `leaf ${leaf.toString(16)}`);
      }
    });
  }

  test('each required bit that is missing', () => {
    for (const { leaf } of CPUID_POLICY)
      required(leaf).forEach((value, word) => {
        for (let bit = 0; bit < 32; bit++) {
          if (((value >>> bit) & 1) === 0) continue;
          const rows = replace(goodRows(), leaf, 0, (row) => ({
            ...row,
            words: without(row.words, word, bit),
          }));
          assert.equal(
            shown(cpuidPage(rows), AVX512),
            [REFUSED],
            `leaf ${leaf.toString(16)}, word ${word}, bit ${bit}`,
          );
        }
      });
  });

  test('a required leaf that is missing', () => {
    for (const { leaf } of CPUID_POLICY.filter((row) => row.required.some((word) => word !== 0)))
      assert.equal(shown(cpuidPage(goodRows().filter((row) => row.leaf !== leaf)), AVX512), [REFUSED]);
  });

  test('of two rows the first counts', () => {
    const none: Row = { leaf: 1, subleaf: 0, words: [0, 0, 0, 0] };
    assert.equal(shown(cpuidPage([none, ...goodRows()]), AVX), [REFUSED]);
    assert.equal(shown(cpuidPage([...goodRows(), none]), AVX), ['done']);
  });

  test('features that need a state which XCR0 has not', () => {
    const rows = replace(goodRows(), 7, 0, (row) => ({ ...row, words: without(row.words, 1, 16) }));
    assert.equal(shown(cpuidPage(rows), AVX), ['done']);
    assert.equal(shown(cpuidPage(rows), AVX512), [REFUSED]);
  });

  for (const [name, c] of [
    ['another place', 47],
    ['none', 0],
    ['one further', 52],
  ] as const) {
    test(`the C-bit: ${name}`, () => {
      const rows = replace(goodRows(), 0x8000_001f, 0, (row) => ({ ...row, words: [row.words[0], c, 0, 0] }));
      assert.equal(shown(cpuidPage(rows), AVX), [REFUSED]);
    });
  }

  test('what else leaf 8000001Fh says beside the C-bit', () => {
    const rows = replace(goodRows(), 0x8000_001f, 0, (row) => ({
      ...row,
      words: [row.words[0], 51 | (1 << 6), 509, 1],
    }));
    assert.equal(shown(cpuidPage(rows), AVX), ['done']);
  });

  for (const { component, doc } of CPUID_XSAVE_POLICY) {
    test(`where XSAVE puts ${doc}`, () => {
      const needed = ((AVX512 >> BigInt(component)) & 1n) === 1n;
      assert.ok(needed);
      for (const word of [0, 1])
        for (const by of [-64, -1, 1, 64]) {
          const rows = replace(goodRows(), 0xd, component, (row) => ({
            ...row,
            words: row.words.map((value, i) => (i === word ? value + by : value)) as unknown as CpuidWords,
          }));
          assert.equal(shown(cpuidPage(rows), AVX512), [REFUSED]);
          assert.equal(shown(cpuidPage(rows), SSE), ['done']);
        }
      assert.equal(shown(cpuidPage(goodRows().filter((row) => row.subleaf !== component)), AVX512), [
        REFUSED,
      ]);
    });
  }

  test('more rows than the page has room for', () => {
    assert.equal(shown(cpuidPage(goodRows(), { count: 65 }), AVX), [REFUSED]);
    assert.equal(shown(cpuidPage(goodRows(), { count: 0xffff_ffff }), AVX), [REFUSED]);
    const rows = Array.from(
      { length: 64 },
      (_, i): Row => goodRows()[i] ?? { leaf: 0x4000_0000 + i, subleaf: 0, words: [0, 0, 0, 0] },
    );
    assert.equal(shown(cpuidPage(rows), AVX), ['done']);
  });

  test('reserved fields that are not zero', () => {
    assert.equal(shown(cpuidPage(goodRows(), { reserved_004: 1 }), AVX), [REFUSED]);
    assert.equal(shown(cpuidPage(goodRows(), { reserved_008: 1n }), AVX), [REFUSED]);
    assert.equal(shown(cpuidPage(goodRows().map((row) => ({ ...row, reserved: 1n }))), AVX), [REFUSED]);
  });

  test('leaves that the policy does not name are zeros', () => {
    const rows = [
      ...goodRows(),
      ...[0x3, 0xb, 0x12, 0x4000_0000, 0x8000_001d, 0x8000_0026].map((leaf): Row => ({
        leaf,
        subleaf: 0,
        words: [1, 2, 3, 4],
      })),
    ];
    for (const leaf of [0x3, 0xb, 0x12, 0x4000_0000, 0x8000_001d, 0x8000_0026, 0x8000_001f, 0xffff_ffff])
      assert.equal(words(cpuidPage(rows), AVX, leaf), [0, 0, 0, 0]);
    assert.equal(
      words(cpuidPage([...rows, { leaf: 7, subleaf: 1, words: [1, 2, 3, 4] }]), AVX, 7, 1),
      [0, 0, 0, 0],
    );
  });

  test('leaf Dh is about XCR0, whatever the page says of it', () => {
    const rows = [
      { leaf: 0xd, subleaf: 0, words: [0xff, 4096, 4096, 0] as const },
      { leaf: 0xd, subleaf: 1, words: [0xffff_ffff, 4096, 1, 1] as const },
      { leaf: 0xd, subleaf: 9, words: [8, 2688, 0, 0] as const },
      ...goodRows(),
    ];
    const page = cpuidPage(rows);
    assert.equal(words(page, AVX, 0xd), [7, 832, 832, 0]);
    assert.equal(words(page, AVX512, 0xd), [0xe7, 2688, 2688, 0]);
    assert.equal(words(page, SSE, 0xd), [3, 576, 576, 0]);
    assert.equal(words(page, AVX, 0xd, 1), [7, 832, 0, 0]);
    assert.equal(words(page, AVX, 0xd, 2), [256, 576, 0, 0]);
    assert.equal(words(page, SSE, 0xd, 2), [0, 0, 0, 0]);
    assert.equal(words(page, AVX512, 0xd, 7), [1024, 1664, 0, 0]);
    for (const subleaf of [3, 9, 63, 64, 66, 0xffff_ffff])
      assert.equal(words(page, AVX512, 0xd, subleaf), [0, 0, 0, 0]);
  });

  test('a page of zeros', () => assert.is(end(shown(new Uint8Array(4096), AVX)), REFUSED));
}

test.run();
