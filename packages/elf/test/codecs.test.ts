// SPDX-License-Identifier: Apache-2.0
// Round trips of the tables within a file, and their refusals.
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import { test } from 'uvu';
import { bytesSource, readBytes } from '@motte/binary/source';
import { codeAndField } from '@motte/test-helpers/errors';
import { sameBytes } from '@motte/test-helpers/bytes';
import { DT, SHT, STB, STT } from '../src/constants.js';
import { encodeDynamic, readDynamic } from '../src/dynamic.js';
import { buildElf } from '../src/build.js';
import { EHDR, SYM } from '../src/layouts.js';
import { encodeNotes, readNotes } from '../src/notes.js';
import type { NotePadding } from '../src/notes.js';
import { readElf } from '../src/read.js';
import { countRelocations, encodeRela, encodeRelr, readRelocations } from '../src/relocations.js';
import { findSection, sectionSource } from '../src/sections.js';
import { encodeSymbols, readSymbols, symbolTable } from '../src/symbols.js';
import { elfParts, writeElf } from '../src/write.js';
import { CODE, DATA, DYNAMIC, edit, sampleExec } from './samples.js';

/** Objects as literals make them: uvu tells prototypes apart. */
const PLAIN = { noNullPrototype: true } as const;
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const word = fc.bigInt({ min: 0n, max: 0xffffn }).map((n) => n * 8n);
const ascii = fc.stringMatching(/^[!-~]{1,20}$/);

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
  assert.equal(countRelocations([{ type: 37 }, { type: 0x99 }, { type: 8 }, { type: 8 }]), [
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

test('notes come back as they were given, for each padding', () => {
  const note = fc.record(
    { name: fc.oneof(fc.constant(''), ascii), type: u32, descriptor: fc.uint8Array() },
    PLAIN,
  );
  fc.assert(
    fc.property(fc.array(note), fc.constantFrom<NotePadding[]>(4, 8, 'none'), (given, padding) => {
      const back = [...readNotes(bytesSource(encodeNotes(given, padding)), padding)];
      assert.equal(
        back.map(({ name, type, descriptor }) => ({
          name,
          type,
          descriptor: readBytes(descriptor, 0, descriptor.size),
        })),
        given,
      );
    }),
    { numRuns: 100 },
  );
});

const NOTE = encodeNotes([{ name: 'GNU', type: 1, descriptor: Uint8Array.of(1, 2, 3, 4) }]);

function noteWith(at: number, value: number): Uint8Array {
  const out = NOTE.slice();
  out[at] = value;
  return out;
}

const NOTES_REFUSED = [
  { name: 'a cut head', bytes: NOTE.slice(0, 11), expected: 'ELF_NOTE Elf64_Nhdr' },
  { name: 'rest after a note', bytes: Uint8Array.of(...NOTE, 0), expected: 'ELF_NOTE Elf64_Nhdr' },
  { name: 'a cut name', bytes: NOTE.slice(0, 15), expected: 'ELF_NOTE n_descsz' },
  { name: 'a cut descriptor', bytes: NOTE.slice(0, 19), expected: 'ELF_NOTE n_descsz' },
  { name: 'a name of 16 MiB', bytes: noteWith(3, 1), expected: 'ELF_NOTE n_descsz' },
  { name: 'a descriptor of 4 GiB', bytes: noteWith(7, 0xff), expected: 'ELF_NOTE n_descsz' },
  { name: 'a name without NUL', bytes: noteWith(15, 65), expected: 'ELF_NOTE n_name' },
  { name: 'a NUL within the name', bytes: noteWith(13, 0), expected: 'ELF_NOTE n_name' },
  { name: 'a name that is not ASCII', bytes: noteWith(13, 0xc3), expected: 'ELF_NOTE n_name' },
  {
    name: 'a name of 257 bytes',
    bytes: encodeNotes([{ name: 'x'.repeat(256), type: 1, descriptor: NOTE }]),
    expected: 'ELF_NOTE n_name',
  },
];

for (const { name, bytes, expected } of NOTES_REFUSED) {
  test(`refuses notes: ${name}`, () => {
    assert.is(
      codeAndField(() => [...readNotes(bytesSource(bytes))]),
      expected,
    );
  });
}

test('notes of a section', () => {
  const elf = readElf(sampleExec());
  const section = findSection(elf, '.note');
  const [note] = section === undefined ? [] : readNotes(sectionSource(elf, section));
  assert.equal([note?.name, note?.type, note?.descriptor.size, note?.offset], ['Motte', 7, 3, 0]);
});

test('symbols come back as they were given, locals with the file before them', () => {
  const symbol = fc.record(
    {
      name: ascii,
      type: fc.constantFrom(STT.FUNC, STT.OBJECT, STT.FILE),
      binding: fc.constantFrom(STB.LOCAL, STB.GLOBAL, STB.WEAK),
      section: fc.constantFrom(0, 1, 2, 0xfff1),
      value: u64,
      size: u64,
    },
    PLAIN,
  );
  fc.assert(
    fc.property(fc.array(symbol, { maxLength: 50 }), (given) => {
      const { symtab, strtab, locals } = encodeSymbols(given);
      const link = '.strtab';
      const elf = readElf(
        sampleExec({
          sections: [
            { name: '.symtab', type: SHT.SYMTAB, bytes: symtab, link, info: locals, entsize: 24n },
            { name: link, type: SHT.STRTAB, bytes: strtab },
          ],
        }),
      );
      const table = symbolTable(elf);
      const back = table === undefined ? [] : [...readSymbols(elf, table)];
      const sorted = [...given.filter((s) => s.binding === 0), ...given.filter((s) => s.binding !== 0)];
      assert.equal(
        back.map(({ name, type, binding, section, value, size }) => ({
          name,
          type,
          binding,
          section,
          value,
          size,
        })),
        sorted,
      );
      assert.is(back.filter((s) => s.binding === STB.LOCAL).length, locals - 1);
      let file: string | undefined;
      for (const s of back) {
        if (s.type === STT.FILE) file = s.name;
        assert.is(s.file, s.binding === STB.LOCAL ? file : undefined);
      }
    }),
    { numRuns: 60 },
  );
});

test('refuses malformed symbol tables', () => {
  const code = (shdr: Readonly<Record<string, number | bigint>>, section = 3): string =>
    codeAndField(() => {
      const elf = readElf(edit(sampleExec(), { shdr: { [section]: shdr } }));
      const table = symbolTable(elf) ?? elf.sections[3];
      return table === undefined ? [] : [...readSymbols(elf, table)];
    });
  assert.is(code({}), 'accepted');
  assert.is(code({ sh_type: SHT.PROGBITS }), 'ELF_SYMBOL .symtab.sh_type');
  assert.is(code({ sh_entsize: 16 }), 'ELF_SYMBOL .symtab.sh_entsize');
  assert.is(code({ sh_size: 5 * SYM.size - 1 }), 'ELF_SYMBOL .symtab.sh_size');
  assert.is(code({ sh_link: 1 }), 'ELF_SYMBOL .symtab.sh_link');
  assert.is(code({ sh_link: 99 }), 'ELF_SYMBOL .symtab.sh_link');
  assert.is(code({ sh_size: 3 }, 4), 'ELF_STRING st_name');
  const odd = sampleExec().slice();
  const table = findSection(readElf(odd), '.symtab');
  odd[(table?.offset ?? 0) + 2 * SYM.size + SYM.offsetOf('st_shndx')] = 6;
  assert.is(
    codeAndField(() => [...readSymbols(readElf(odd), table ?? (undefined as never))]),
    'ELF_SYMBOL st_shndx',
  );
});

test('writes again what it read, byte for byte, and refuses parts that overlap', () => {
  const file = sampleExec();
  const parts = elfParts(readElf(file));
  sameBytes(writeElf(parts), file);
  const code = (contents: { offset: number; bytes: Uint8Array }[]): string =>
    codeAndField(() => writeElf({ ...parts, contents: [...parts.contents, ...contents] }));
  assert.is(code([{ offset: 63, bytes: new Uint8Array(1) }]), 'ELF_WRITE offset');
  assert.is(code([{ offset: EHDR.size + 10, bytes: new Uint8Array(1) }]), 'ELF_WRITE offset');
  assert.is(code([{ offset: -1, bytes: new Uint8Array(1) }]), 'ELF_WRITE offset');
  assert.is(code([{ offset: file.length, bytes: new Uint8Array(1) }]), 'accepted');
  // What the reader would refuse is not written: here a PT_LOAD whose bytes nobody gave.
  const missing = {
    ...parts,
    sections: [],
    contents: [],
    header: { ...parts.header, shoff: 0, shstrndx: 0 },
  };
  assert.is(
    codeAndField(() => writeElf(missing)),
    'ELF_TRUNCATED PT_LOAD 1.p_filesz',
  );
});

test.run();
