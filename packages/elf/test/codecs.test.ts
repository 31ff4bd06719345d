// SPDX-License-Identifier: Apache-2.0
// Notes, symbols and whole files: round trips and refusals.
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import { test } from 'uvu';
import { bytesSource, readBytes } from '@motte/binary/source';
import { codeAndField } from '@motte/test-helpers/errors';
import { sameBytes } from '@motte/test-helpers/bytes';
import { SHT, STB, STT } from '../src/constants.js';
import { EHDR, SYM } from '../src/layouts.js';
import { encodeNotes, readNotes } from '../src/notes.js';
import type { NotePadding } from '../src/notes.js';
import { readElf } from '../src/read.js';
import { findSection, sectionSource } from '../src/sections.js';
import { encodeSymbols, readSymbols, symbolTable } from '../src/symbols.js';
import { elfParts, writeElf } from '../src/write.js';
import { edit, sampleExec } from './samples.js';

/** Objects as literals make them: uvu tells prototypes apart. */
const PLAIN = { noNullPrototype: true } as const;
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

const ascii = fc.stringMatching(/^[!-~]{1,20}$/);

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
