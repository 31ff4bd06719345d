// SPDX-License-Identifier: Apache-2.0
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { codeAndField } from '@motte/test-helpers/errors';
import { DF, DT, PF, PT, R_X86_64 } from '../src/constants.js';
import { checkExec } from '../src/exec.js';
import { readElf } from '../src/read.js';
import { symbolIndex } from '../src/symbols.js';
import { CODE, DATA, FIRST_RANGE, edit, sampleExec } from './samples.js';
import type { SampleOptions } from './samples.js';

test('gives loads, entry, program headers, relro, tls and the relocations by type', () => {
  const exec = checkExec(readElf(sampleExec()));
  assert.equal(
    exec.loads.map(({ vaddr, filesz, memsz }) => [vaddr, filesz, memsz]),
    [
      [0n, 512, 512],
      [CODE, 0x100, 0x100],
      [0x2000n, 0x800, 0x800],
      [DATA, 0x800, 0x1800],
    ],
  );
  assert.equal([exec.start, exec.end, exec.entry], [0n, 0x5000n, CODE]);
  assert.equal(exec.phdr, { address: 64n, count: 8 });
  assert.equal(exec.relro, { address: DATA, size: 0x600 });
  assert.equal([exec.tls?.vaddr, exec.tls?.filesz, exec.tls?.memsz], [DATA, 8, 16]);
  assert.equal(exec.relocations, [
    { type: 7, name: 'R_X86_64_JUMP_SLOT', count: 1 },
    { type: 8, name: 'R_X86_64_RELATIVE', count: 4 },
    { type: 18, name: 'R_X86_64_TPOFF64', count: 1 },
    { type: 37, name: 'R_X86_64_IRELATIVE', count: 1 },
  ]);
});

test('PT_PHDR says where the program headers are', () => {
  const own = (filesz: number, vaddr = 64n): SampleOptions => ({
    segments: [{ type: PT.PHDR, flags: PF.R, vaddr, filesz, align: 8n }],
  });
  assert.equal(checkExec(readElf(sampleExec(own(7 * 56)))).phdr, { address: 64n, count: 7 });
  const code = (options: SampleOptions): string =>
    codeAndField(() => checkExec(readElf(sampleExec(options))));
  assert.is(code(own(6 * 56)), 'ELF_NOT_LOADED PT_PHDR');
  assert.is(code(own(7 * 56, CODE)), 'ELF_NOT_LOADED PT_PHDR 6');
});

test('needs no dynamic section, no TLS, no RELRO; a TLS without bytes may lie anywhere', () => {
  const bare = edit(sampleExec({ segments: [] }), {
    phdr: { 4: { p_type: PT.NULL }, 5: { p_type: PT.NULL } },
  });
  const exec = checkExec(readElf(bare));
  assert.equal([exec.relro, exec.tls, exec.relocations], [undefined, undefined, []]);
  const tbss = sampleExec({
    segments: [{ type: PT.TLS, flags: PF.R, vaddr: 0x9000n, memsz: 64, align: 8n }],
  });
  assert.is(checkExec(readElf(tbss)).tls?.memsz, 64);
});

interface Row {
  name: string;
  options?: SampleOptions;
  change?: Parameters<typeof edit>[1];
  expected: string;
}

const rela = (type: number, address: bigint): SampleOptions => ({ rela: [{ type, address, addend: 0n }] });
const range = (type: number, flags: number = PF.R): SampleOptions => ({
  segments: [{ type, flags, vaddr: DATA, filesz: 16 }],
});

const REFUSED: readonly Row[] = [
  { name: 'ET_EXEC', options: { type: 2 }, expected: 'ELF_NOT_PIE e_type' },
  { name: 'an object file', options: { type: 1 }, expected: 'ELF_NOT_PROGRAM e_type' },
  { name: 'a core dump', options: { type: 4 }, expected: 'ELF_NOT_PROGRAM e_type' },
  { name: 'another machine', options: { machine: 183 }, expected: 'ELF_MACHINE e_machine' },
  { name: 'PT_INTERP', options: range(PT.INTERP), expected: 'ELF_INTERP PT_INTERP 6' },
  {
    name: 'DT_NEEDED',
    options: { dynamic: [{ tag: DT.NEEDED, value: 1n }] },
    expected: 'ELF_NEEDED DT_NEEDED',
  },
  {
    name: 'DT_TEXTREL',
    options: { dynamic: [{ tag: DT.TEXTREL, value: 0n }] },
    expected: 'ELF_TEXTREL DT_TEXTREL',
  },
  {
    name: 'DF_TEXTREL',
    options: { dynamic: [{ tag: DT.FLAGS, value: DF.TEXTREL }] },
    expected: 'ELF_TEXTREL DT_FLAGS',
  },
  {
    name: 'a text relocation that is not declared',
    options: rela(R_X86_64.RELATIVE, CODE),
    expected: 'ELF_TEXTREL R_X86_64_RELATIVE.r_offset',
  },
  {
    name: 'a relocation of no memory',
    options: rela(R_X86_64.IRELATIVE, 0x9000n),
    expected: 'ELF_RELOCATION R_X86_64_IRELATIVE.r_offset',
  },
  {
    name: 'a relocation across the end of memory',
    options: rela(R_X86_64[64], DATA + 0x17f9n),
    expected: 'ELF_RELOCATION R_X86_64_64.r_offset',
  },
  { name: 'writable code', options: { code: { flags: 7 } }, expected: 'ELF_WRITE_EXECUTE PT_LOAD 1.p_flags' },
  {
    name: 'executable data',
    options: { data: { flags: 7 } },
    expected: 'ELF_WRITE_EXECUTE PT_LOAD 3.p_flags',
  },
  {
    name: 'data that cannot be read',
    options: { data: { flags: 2 } },
    expected: 'ELF_WRITE_ONLY PT_LOAD 3.p_flags',
  },
  {
    name: 'data that permits nothing',
    options: { data: { flags: 0 } },
    expected: 'ELF_NO_PERMISSIONS PT_LOAD 3.p_flags',
  },
  {
    name: 'data that permits nothing, and a bit that is no permission',
    options: { data: { flags: 0x100000 } },
    expected: 'ELF_NO_PERMISSIONS PT_LOAD 3.p_flags',
  },
  {
    name: 'executable stack',
    change: { phdr: { 5: { p_flags: 7 } } },
    expected: 'ELF_STACK_EXECUTABLE PT_GNU_STACK 5.p_flags',
  },
  {
    name: 'nothing to load',
    change: { phdr: { 0: { p_type: 0 }, 1: { p_type: 0 }, 2: { p_type: 0 }, 3: { p_type: 0 } } },
    expected: 'ELF_NO_LOAD PT_LOAD',
  },
  {
    name: 'alignment of 4 MiB',
    options: { data: { align: 0x400000n } },
    expected: 'ELF_ALIGNMENT PT_LOAD 3.p_align',
  },
  {
    name: 'alignment below a page',
    options: { code: { align: 16n } },
    expected: 'ELF_ALIGNMENT PT_LOAD 1.p_align',
  },
  {
    name: 'two segments on one page',
    options: { data: { vaddr: 0x2c00n } },
    expected: 'ELF_PAGE_SHARED PT_LOAD 3.p_vaddr',
  },
  { name: 'entry in data', options: { entry: DATA }, expected: 'ELF_ENTRY e_entry' },
  { name: 'entry in no memory', options: { entry: CODE + 0x100n }, expected: 'ELF_ENTRY e_entry' },
  { name: 'entry 0, as a library has', options: { entry: 0n }, expected: 'ELF_ENTRY e_entry' },
  {
    name: 'headers not loaded',
    change: { phdr: { 0: { p_type: PT.NULL } } },
    expected: 'ELF_NOT_LOADED e_phoff',
  },
  {
    name: 'a dynamic section in memory that is not that of the file',
    change: { phdr: { 4: { p_vaddr: DATA } } },
    expected: 'ELF_NOT_LOADED PT_DYNAMIC 4',
  },
  {
    name: 'a TLS image that is not that of the file',
    change: { phdr: { [FIRST_RANGE]: { p_offset: 0 } } },
    expected: `ELF_NOT_LOADED PT_TLS ${FIRST_RANGE}`,
  },
  {
    name: 'RELRO of no memory',
    change: { phdr: { [FIRST_RANGE + 1]: { p_vaddr: 0x9000n } } },
    expected: `ELF_NOT_LOADED PT_GNU_RELRO ${FIRST_RANGE + 1}`,
  },
];

for (const { name, options = {}, change = {}, expected } of REFUSED) {
  test(`refuses: ${name}`, () => {
    assert.is(
      codeAndField(() => checkExec(readElf(edit(sampleExec(options), change)))),
      expected,
    );
  });
}

test('errors can be symbolised', () => {
  const index = symbolIndex(readElf(sampleExec()));
  assert.equal(
    [CODE, CODE + 0xfn, CODE + 0x10n, CODE + 0x2fn, CODE + 0x30n, 0n].map((at) => index.describe(at)),
    ['_start', '_start+0xf', 'helper_alias', 'helper_alias+0x1f', undefined, undefined],
  );
});

test.run();
