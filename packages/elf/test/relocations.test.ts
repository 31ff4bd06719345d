// SPDX-License-Identifier: Apache-2.0
// The dynamic section and the relocations that it names: round trips and refusals.
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import { test } from 'uvu';
import { codeAndField } from '@motte/test-helpers/errors';

import { DT } from '../src/constants.js';
import { encodeDynamic, readDynamic } from '../src/dynamic.js';
import { buildElf } from '../src/build.js';
import { readElf } from '../src/read.js';
import { encodeRela, encodeRelr, readRelocations, relocationCounter } from '../src/relocations.js';
import { CODE, DATA, DYNAMIC, edit, sampleExec } from './samples.js';

/** Objects as literals make them: uvu tells prototypes apart. */
const PLAIN = { noNullPrototype: true } as const;
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const word = fc.bigInt({ min: 0n, max: 0xffffn }).map((n) => n * 8n);

test('dynamic entries come back as they were given', () => {
  const entries = fc.uniqueArray(
    fc.record({ tag: fc.integer({ min: 33, max: 0x7fffffff }), value: u64 }, PLAIN),
    {
      selector: ({ tag }) => tag,
      maxLength: 40,
    },
  );
  fc.assert(
    fc.property(entries, (given) => {
      const dynamic = readDynamic(readElf(sampleExec({ dynamic: given })));
      assert.equal(dynamic?.entries, given);
      for (const { tag, value } of given) assert.is(dynamic?.get(tag), value);
    }),
    { numRuns: 60 },
  );
});

test('relocations with addends come back as they were given', () => {
  const rela = fc.record(
    {
      type: u32,
      symbol: u32,
      address: u64,
      addend: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
    },
    PLAIN,
  );
  fc.assert(
    fc.property(fc.array(rela, { minLength: 1, maxLength: 60 }), (given) => {
      const elf = readElf(sampleExec({ rela: given, relr: [], jmprel: [] }));
      assert.equal(
        [...readRelocations(elf)].map(({ type, symbol, address, addend }) => ({
          type,
          symbol,
          address,
          addend,
        })),
        given,
      );
    }),
    { numRuns: 60 },
  );
});

test('packed relocations come back as they were given, dense or sparse', () => {
  const addresses = fc
    .uniqueArray(word, { minLength: 1, maxLength: 120 })
    .map((list) => list.sort((a, b) => (a < b ? -1 : 1)));
  fc.assert(
    fc.property(addresses, (given) => {
      const elf = readElf(sampleExec({ rela: [], jmprel: [], relr: given }));
      const back = [...readRelocations(elf)];
      assert.equal(
        back.map(({ address }) => address),
        given,
      );
      assert.ok(back.every(({ table, addend }) => table === 'RELR' && addend === undefined));
    }),
    { numRuns: 100 },
  );
  // 64 words in a row are one address and one bitmap: 8 times less than a word each would be.
  assert.is(encodeRelr(Array.from({ length: 64 }, (_, i) => DATA + 8n * BigInt(i))).length, 16);
});

test('counts name each type once, unknown ones by number', () => {
  const counter = relocationCounter();
  for (const type of [37, 0x99, 8, 8]) counter.add({ type });
  assert.equal(counter.counts(), [
    { type: 8, name: 'R_X86_64_RELATIVE', count: 2 },
    { type: 37, name: 'R_X86_64_IRELATIVE', count: 1 },
    { type: 0x99, name: 'R_X86_64_0x99', count: 1 },
  ]);
});

test('a DT_JMPREL that DT_RELA counts too is read once', () => {
  const table = encodeRela([1n, 2n, 3n].map((n) => ({ type: 8, address: DATA + 8n * n, addend: n })));
  assert.is(table.length, 72);
  const entries = [
    { tag: DT.RELA, value: 0x2000n },
    { tag: DT.RELASZ, value: 72n },
    { tag: DT.RELAENT, value: 24n },
    { tag: DT.JMPREL, value: 0x2000n + 48n },
    { tag: DT.PLTRELSZ, value: 24n },
    { tag: DT.PLTREL, value: 7n },
  ];
  const rela = [1n, 2n, 3n].map((n) => ({ type: 8, address: DATA + 8n * n, addend: n }));
  assert.is([...readRelocations(readElf(sampleExec({ rela, dynamic: entries })))].length, 3);
});

const dynamicRow = (...entries: [number, bigint][]): Parameters<typeof sampleExec>[0] => ({
  dynamic: entries.map(([tag, value]) => ({ tag, value })),
});

const RELOCATIONS_REFUSED = [
  { name: 'DT_REL', options: dynamicRow([DT.REL, 0x2000n]), expected: 'ELF_DYNAMIC DT_REL' },
  { name: 'DT_PLTREL of DT_REL', options: dynamicRow([DT.PLTREL, 17n]), expected: 'ELF_DYNAMIC DT_PLTREL' },
  { name: 'table without size', options: dynamicRow([DT.RELA, 0x2000n]), expected: 'ELF_DYNAMIC DT_RELASZ' },
  { name: 'size without table', options: dynamicRow([DT.RELRSZ, 8n]), expected: 'ELF_DYNAMIC DT_RELR' },
  {
    name: 'entry size',
    options: dynamicRow([DT.RELA, 0x2000n], [DT.RELASZ, 48n], [DT.RELAENT, 16n]),
    expected: 'ELF_DYNAMIC DT_RELAENT',
  },
  {
    name: 'no entry size',
    options: dynamicRow([DT.RELR, 0x2000n], [DT.RELRSZ, 8n]),
    expected: 'ELF_DYNAMIC DT_RELRENT',
  },
  {
    name: 'half an entry',
    options: dynamicRow([DT.RELA, 0x2000n], [DT.RELASZ, 25n], [DT.RELAENT, 24n]),
    expected: 'ELF_DYNAMIC DT_RELASZ',
  },
  {
    name: 'table past its segment',
    options: dynamicRow([DT.RELA, 0x27f0n], [DT.RELASZ, 24n], [DT.RELAENT, 24n]),
    expected: 'ELF_ADDRESS DT_RELA',
  },
  {
    name: 'table in zeros',
    options: dynamicRow([DT.RELA, DATA + 0x800n], [DT.RELASZ, 24n], [DT.RELAENT, 24n]),
    expected: 'ELF_ADDRESS DT_RELA',
  },
  {
    name: 'size of 2^60',
    options: dynamicRow([DT.RELA, 0x2000n], [DT.RELASZ, 1n << 60n], [DT.RELAENT, 24n]),
    expected: 'NUMBER_UNSAFE DT_RELASZ',
  },
  {
    name: 'a tag twice',
    options: dynamicRow([DT.FLAGS, 0n], [DT.FLAGS, 0n]),
    expected: 'ELF_DYNAMIC DT_FLAGS',
  },
  {
    name: 'a bitmap first',
    // The table lies over the dynamic section, whose first word is the tag 37, which is odd.
    options: dynamicRow([DT.RELRENT, 8n], [DT.RELR, DYNAMIC], [DT.RELRSZ, 8n]),
    expected: 'ELF_RELOCATION r_entry',
  },
  {
    name: 'an address at the end of memory',
    options: dynamicRow([99, (1n << 64n) - 2n], [DT.RELRENT, 8n], [DT.RELR, DYNAMIC + 8n], [DT.RELRSZ, 8n]),
    expected: 'ELF_RELOCATION r_entry',
  },
] as const;

for (const { name, options, expected } of RELOCATIONS_REFUSED) {
  test(`refuses relocations: ${name}`, () => {
    assert.is(
      codeAndField(() => [...readRelocations(readElf(sampleExec(options)))]),
      expected,
    );
  });
}

test('refuses a dynamic section without end, of an odd size, or too long', () => {
  const code = (file: Uint8Array): string => codeAndField(() => readDynamic(readElf(file)));
  const two = sampleExec(dynamicRow([DT.FLAGS, 0n], [DT.DEBUG, 0n]));
  assert.is(code(two), 'accepted');
  assert.is(code(edit(two, { phdr: { 4: { p_filesz: 32 } } })), 'ELF_DYNAMIC PT_DYNAMIC');
  assert.is(code(edit(two, { phdr: { 4: { p_filesz: 40 } } })), 'ELF_DYNAMIC PT_DYNAMIC.p_filesz');
  assert.is(code(edit(two, { phdr: { 4: { p_filesz: 0 } } })), 'ELF_DYNAMIC PT_DYNAMIC');
  assert.is(code(sampleExec(dynamicRow([DT.FLAGS, 0n], [2 ** 52, 0n]))), 'accepted');
  const needed = encodeDynamic(Array.from({ length: 4097 }, () => ({ tag: DT.NEEDED, value: 1n })));
  const long = buildElf({
    entry: CODE,
    loads: [{ vaddr: CODE, flags: 6, bytes: needed }],
    segments: [{ type: 2, flags: 6, vaddr: CODE, filesz: needed.length }],
  });
  assert.is(code(long), 'ELF_DYNAMIC PT_DYNAMIC');
});

test.run();
