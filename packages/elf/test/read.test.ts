// SPDX-License-Identifier: Apache-2.0
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { MotteError } from '@motte/binary/error';
import { bytesSource } from '@motte/binary/source';
import { codeAndField } from '@motte/test-helpers/errors';
import { PT } from '../src/constants.js';
import { readElf } from '../src/read.js';
import { findSection, sectionAt, sectionSource } from '../src/sections.js';
import { fileOffset, loadSegments, segmentName } from '../src/segments.js';
import { CODE, DATA, FIRST_RANGE, edit, sampleExec } from './samples.js';

const SAMPLE = sampleExec();
const BIG = 1n << 62n;

test('reads what was written', () => {
  const elf = readElf(SAMPLE);
  assert.is(elf.header.entry, CODE);
  assert.is(elf.segments.length, 8);
  assert.equal(
    loadSegments(elf).map(({ vaddr, memsz }) => [vaddr, memsz]),
    [
      [0n, 64 + 8 * 56],
      [CODE, 0x100],
      [0x2000n, 0x800],
      [DATA, 0x1800],
    ],
  );
  assert.equal(
    elf.sections.map(({ name }) => name),
    ['', '.text', '.note', '.symtab', '.strtab', '.shstrtab'],
  );
  const text = findSection(elf, '.text');
  assert.is(sectionAt(elf, CODE + 0xffn), text);
  assert.is(sectionAt(elf, CODE + 0x100n), undefined);
  assert.is(text === undefined ? 0 : sectionSource(elf, text).size, 0x100);
  assert.is(fileOffset(elf, DATA + 8n, 8, 'x'), (elf.segments[3]?.offset ?? 0) + 8);
  assert.is(
    codeAndField(() => fileOffset(elf, DATA + 0x7fcn, 8, 'DT_X')),
    'ELF_ADDRESS DT_X',
  );
});

test('a file without section headers, and numbers that nobody knows', () => {
  const bare = readElf(sampleExec({ sections: [] }));
  assert.is(bare.sections.length, 0);
  const odd = readElf(
    edit(SAMPLE, {
      phdr: { 6: { p_type: 0x70001234, p_flags: 0x00100004 } },
      shdr: { 2: { sh_type: 0x6fff1234 } },
    }),
  );
  assert.is(odd.segments[6]?.type, 0x70001234);
  assert.is(odd.segments[6]?.flags, 0x00100004);
  assert.is(odd.sections[2]?.type, 0x6fff1234);
  assert.is(odd.segments[6] === undefined ? '' : segmentName(odd.segments[6]), 'PT_0x70001234 6');
});

test('reads by small pieces: a sparse file of 2^52 bytes costs nothing', () => {
  const size = 2 ** 52;
  let read = 0;
  const source = {
    size,
    read(offset: number, into: Uint8Array): void {
      read += into.length;
      into.fill(0);
      if (offset < SAMPLE.length) into.set(SAMPLE.subarray(offset, offset + into.length));
    },
  };
  assert.is(readElf(source).segments.length, 8);
  assert.ok(read < 0x20000, `${read} bytes read`);
  // A string table as large as that file: still a window at a time.
  const huge = edit(SAMPLE, { shdr: { 5: { sh_offset: 0, sh_size: BigInt(size) } } });
  assert.throws(
    () =>
      readElf({
        size,
        read: (at, into) => bytesSource(at < huge.length ? huge : new Uint8Array(1)).read(at, into),
      }),
    (error: unknown) => error instanceof MotteError,
  );
});

interface Row {
  name: string;
  change: Parameters<typeof edit>[1] | ((file: Uint8Array) => Uint8Array);
  expected: string;
}

const name = (type: string, index: number, member: string): string => `PT_${type} ${index}.${member}`;

const REFUSED: readonly Row[] = [
  { name: 'nothing', change: () => new Uint8Array(0), expected: 'ELF_MAGIC e_ident' },
  { name: 'three bytes', change: (file) => file.slice(0, 3), expected: 'ELF_MAGIC e_ident' },
  { name: 'a script', change: () => new TextEncoder().encode('#!/bin/sh\n'), expected: 'ELF_MAGIC e_ident' },
  { name: 'a cut header', change: (file) => file.slice(0, 63), expected: 'ELF_TRUNCATED Elf64_Ehdr' },
  { name: '32 bits', change: { ehdr: { ei_class: 1 } }, expected: 'ELF_CLASS ei_class' },
  { name: 'big-endian', change: { ehdr: { ei_data: 2 } }, expected: 'ELF_ENDIAN ei_data' },
  { name: 'ident version', change: { ehdr: { ei_version: 0 } }, expected: 'ELF_VERSION ei_version' },
  { name: 'version', change: { ehdr: { e_version: 2 } }, expected: 'ELF_VERSION e_version' },
  { name: 'header size', change: { ehdr: { e_ehsize: 52 } }, expected: 'ELF_HEADER_SIZE e_ehsize' },
  { name: 'phentsize', change: { ehdr: { e_phentsize: 32 } }, expected: 'ELF_HEADER_SIZE e_phentsize' },
  { name: 'phentsize 0', change: { ehdr: { e_phentsize: 0 } }, expected: 'ELF_HEADER_SIZE e_phentsize' },
  { name: 'shentsize', change: { ehdr: { e_shentsize: 40 } }, expected: 'ELF_HEADER_SIZE e_shentsize' },
  {
    name: 'phoff past the end',
    change: { ehdr: { e_phoff: SAMPLE.length - 55 } },
    expected: 'ELF_TRUNCATED e_phoff',
  },
  { name: 'phoff 2^63', change: { ehdr: { e_phoff: 1n << 63n } }, expected: 'NUMBER_UNSAFE e_phoff' },
  {
    name: 'phoff 2^53 - 1',
    change: { ehdr: { e_phoff: (1n << 53n) - 1n } },
    expected: 'ELF_TRUNCATED e_phoff',
  },
  {
    name: 'shoff past the end',
    change: { ehdr: { e_shoff: SAMPLE.length - 63 } },
    expected: 'ELF_TRUNCATED e_shoff',
  },
  { name: 'phnum without table', change: { ehdr: { e_phoff: 0 } }, expected: 'ELF_NUMBERING e_phnum' },
  { name: 'table without phnum', change: { ehdr: { e_phnum: 0 } }, expected: 'ELF_NUMBERING e_phnum' },
  { name: 'table without shnum', change: { ehdr: { e_shnum: 0 } }, expected: 'ELF_NUMBERING e_shnum' },
  { name: 'PN_XNUM', change: { ehdr: { e_phnum: 0xffff } }, expected: 'ELF_NUMBERING e_phnum' },
  { name: 'SHN_XINDEX', change: { ehdr: { e_shstrndx: 0xffff } }, expected: 'ELF_NUMBERING e_shstrndx' },
  { name: 'too many segments', change: { ehdr: { e_phnum: 0xfffe } }, expected: 'ELF_TRUNCATED e_phoff' },
  {
    name: 'names in no section',
    change: { ehdr: { e_shstrndx: 6 } },
    expected: 'ELF_SECTION_NAMES e_shstrndx',
  },
  { name: 'names in code', change: { ehdr: { e_shstrndx: 1 } }, expected: 'ELF_SECTION_NAMES e_shstrndx' },
  { name: 'cut in the sections', change: (file) => file.slice(0, -1), expected: 'ELF_TRUNCATED e_shoff' },
  {
    name: 'segment past the end',
    change: { phdr: { 3: { p_offset: SAMPLE.length - 0x7ff } } },
    expected: `ELF_TRUNCATED ${name('LOAD', 3, 'p_filesz')}`,
  },
  {
    name: 'p_filesz past the end',
    change: { phdr: { 2: { p_filesz: SAMPLE.length, p_memsz: SAMPLE.length } } },
    expected: `ELF_TRUNCATED ${name('LOAD', 2, 'p_filesz')}`,
  },
  {
    name: 'p_filesz 2^62',
    change: { phdr: { 2: { p_filesz: BIG } } },
    expected: `NUMBER_UNSAFE ${name('LOAD', 2, 'p_filesz')}`,
  },
  {
    name: 'p_offset 2^62',
    change: { phdr: { 2: { p_offset: BIG } } },
    expected: `NUMBER_UNSAFE ${name('LOAD', 2, 'p_offset')}`,
  },
  {
    name: 'p_memsz 2^62',
    change: { phdr: { 2: { p_memsz: BIG } } },
    expected: `NUMBER_UNSAFE ${name('LOAD', 2, 'p_memsz')}`,
  },
  {
    name: 'memory below file',
    change: { phdr: { 2: { p_memsz: 0x7ff } } },
    expected: `ELF_SEGMENT_SIZE ${name('LOAD', 2, 'p_memsz')}`,
  },
  {
    name: 'address wraps',
    change: { phdr: { 3: { p_vaddr: (1n << 64n) - 0x1000n } } },
    expected: `RANGE_OVERFLOW ${name('LOAD', 3, 'p_vaddr')}`,
  },
  {
    name: 'alignment 3',
    change: { phdr: { 1: { p_align: 3 } } },
    expected: `ELF_SEGMENT_ALIGN ${name('LOAD', 1, 'p_align')}`,
  },
  {
    name: 'TLS alignment 3',
    change: { phdr: { [FIRST_RANGE]: { p_align: 3 } } },
    expected: `ELF_SEGMENT_ALIGN ${name('TLS', FIRST_RANGE, 'p_align')}`,
  },
  {
    name: 'not congruent',
    change: { phdr: { 1: { p_vaddr: CODE + 8n } } },
    expected: `ELF_SEGMENT_ALIGN ${name('LOAD', 1, 'p_align')}`,
  },
  {
    name: 'descending',
    change: { phdr: { 1: { p_vaddr: 0x9000n } } },
    expected: `ELF_SEGMENT_ORDER ${name('LOAD', 2, 'p_vaddr')}`,
  },
  {
    name: 'overlapping',
    change: { phdr: { 1: { p_memsz: 0x1001 } } },
    expected: `ELF_SEGMENT_ORDER ${name('LOAD', 2, 'p_vaddr')}`,
  },
  ...[PT.PHDR, PT.INTERP, PT.DYNAMIC, PT.TLS, PT.GNU_STACK, PT.GNU_RELRO].map((type): Row => ({
    name: `two of type ${type}`,
    change: { phdr: { 6: { p_type: type }, 7: { p_type: type } } },
    expected: `ELF_SEGMENT_DUPLICATE ${segmentName({ type, index: type === PT.DYNAMIC || type === PT.GNU_STACK ? 6 : 7 })}`,
  })),
  {
    name: 'section past the end',
    change: { shdr: { 2: { sh_offset: SAMPLE.length } } },
    expected: 'ELF_TRUNCATED section 2.sh_size',
  },
  {
    name: 'sh_size 2^62',
    change: { shdr: { 2: { sh_size: BIG } } },
    expected: 'NUMBER_UNSAFE section 2.sh_size',
  },
  {
    name: 'sh_size 2^53 - 1',
    change: { shdr: { 2: { sh_size: (1n << 53n) - 1n } } },
    expected: 'ELF_TRUNCATED section 2.sh_size',
  },
  {
    name: 'sh_addralign 6',
    change: { shdr: { 2: { sh_addralign: 6 } } },
    expected: 'ELF_SECTION_ALIGN section 2.sh_addralign',
  },
  {
    name: 'sh_addr not aligned',
    change: { shdr: { 1: { sh_addralign: 0x2000 } } },
    expected: 'ELF_SECTION_ALIGN section 1.sh_addralign',
  },
  {
    name: 'sh_addr wraps',
    change: { shdr: { 1: { sh_addr: (1n << 64n) - 0xffn } } },
    expected: 'RANGE_OVERFLOW section 1.sh_addr',
  },
  { name: 'section 0', change: { shdr: { 0: { sh_size: 1 } } }, expected: 'ELF_SECTION_NULL section 0' },
  {
    name: 'name past its table',
    change: { shdr: { 2: { sh_name: 0xffffffff } } },
    expected: 'ELF_STRING section 2.sh_name',
  },
  {
    name: 'names not terminated',
    change: { shdr: { 5: { sh_size: 8 } } },
    expected: 'ELF_STRING section 2.sh_name',
  },
];

for (const { name: what, change, expected } of REFUSED) {
  test(`refuses: ${what}`, () => {
    const file = typeof change === 'function' ? change(SAMPLE) : edit(SAMPLE, change);
    assert.is(
      codeAndField(() => readElf(file)),
      expected,
    );
  });
}

test('refuses every reserved byte of the file header that is not zero', () => {
  for (let at = 9; at < 16; at++) {
    const file = SAMPLE.slice();
    file[at] = 1;
    assert.throws(
      () => readElf(file),
      (error: unknown) =>
        error instanceof MotteError && error.code === 'STRUCT_RESERVED' && error.offset === BigInt(at),
    );
  }
});

test('an error names field, expectation, finding and offset', () => {
  const found = edit(SAMPLE, { phdr: { 2: { p_memsz: 0x10 } } });
  assert.throws(
    () => readElf(found),
    /PT_LOAD 2\.p_memsz: .*expected at least p_filesz, 0x800, found 0x10, at offset 0xd8/,
  );
});

test.run();
