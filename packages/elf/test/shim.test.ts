// SPDX-License-Identifier: Apache-2.0
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { codeAndField } from '@motte/test-helpers/errors';
import { buildElf } from '../src/build.js';
import { DT, PF, PT, R_X86_64, SHF, SHT } from '../src/constants.js';
import { readElf } from '../src/read.js';
import { checkShim } from '../src/shim.js';
import { SITE_KIND, encodeSites } from '../src/sites.js';
import { userSegment } from '../src/user-page.js';
import { CODE, DATA, SITES, edit, sampleShim } from './samples.js';

type Options = Parameters<typeof sampleShim>[0];

test('gives loads, end, entry, the number of relocations and the sites in order', () => {
  const shim = checkShim(readElf(sampleShim({ sites: SITES.toReversed() })));
  assert.equal([shim.loads.length, shim.end, shim.entry, shim.relocations], [4, 0x5000n, CODE, 2]);
  assert.equal(shim.sites, SITES);
  assert.equal(checkShim(readElf(sampleShim({ sections: [] }))).sites, []);
});

const EVERY_OTHER = Object.entries(R_X86_64).filter(([name]) => name !== 'RELATIVE' && name !== 'NONE');

test('refuses every relocation but R_X86_64_RELATIVE by its name, in either table', () => {
  const message = (options: Options): string => {
    try {
      checkShim(readElf(sampleShim(options)));
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  };
  assert.is(EVERY_OTHER.length, 34);
  for (const [name, type] of EVERY_OTHER) {
    const one = { type, address: DATA + 8n, addend: 0n };
    assert.match(message({ rela: [one] }), `found R_X86_64_${name}, at offset`);
    assert.match(message({ jmprel: [one] }), `found R_X86_64_${name}, at offset`);
  }
  assert.match(message({ rela: [{ type: 0x1234, address: DATA, addend: 0n }] }), 'found R_X86_64_0x1234');
});

interface Row {
  name: string;
  options?: Options;
  change?: Parameters<typeof edit>[1];
  expected: string;
}

const relative = (address: bigint, addend: bigint): Options => ({
  rela: [{ type: R_X86_64.RELATIVE, address, addend }],
});
const site = (offset: number, kind: number): Options => ({ sites: [{ offset, kind }] });

const REFUSED: readonly Row[] = [
  {
    name: 'PT_INTERP',
    options: { segments: [{ type: PT.INTERP, flags: PF.R, vaddr: DATA, filesz: 8 }] },
    expected: 'ELF_INTERP PT_INTERP 6',
  },
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
    name: 'a text relocation',
    options: relative(CODE, 0n),
    expected: 'ELF_TEXTREL R_X86_64_RELATIVE.r_offset',
  },
  { name: 'ET_EXEC', options: { type: 2 }, expected: 'ELF_NOT_PIE e_type' },
  { name: 'another machine', options: { machine: 243 }, expected: 'ELF_MACHINE e_machine' },
  { name: 'writable code', options: { code: { flags: 7 } }, expected: 'ELF_WRITE_EXECUTE PT_LOAD 1.p_flags' },
  {
    name: 'TLS',
    options: { segments: [{ type: PT.TLS, flags: PF.R, vaddr: DATA, filesz: 8 }] },
    expected: 'ELF_SHIM_TLS PT_TLS 6',
  },
  { name: 'DT_RELR', options: { relr: [DATA] }, expected: 'ELF_SHIM_RELOCATION RELR' },
  {
    name: 'RELATIVE in DT_JMPREL',
    options: { jmprel: [{ type: R_X86_64.RELATIVE, address: DATA, addend: 0n }] },
    expected: 'ELF_SHIM_RELOCATION JMPREL',
  },
  {
    name: 'a negative target',
    options: relative(DATA, -1n),
    expected: 'ELF_SHIM_RELOCATION R_X86_64_RELATIVE.r_addend',
  },
  {
    name: 'a target after the shim',
    options: relative(DATA, 0x5001n),
    expected: 'ELF_SHIM_RELOCATION R_X86_64_RELATIVE.r_addend',
  },
  {
    name: 'first PT_LOAD not at 0',
    change: { phdr: { 0: { p_type: PT.NULL } } },
    expected: 'ELF_SHIM_BASE PT_LOAD 1.p_vaddr',
  },
  {
    name: 'a PT_LOAD within a page',
    options: { data: { vaddr: DATA + 0x20n, bytes: new Uint8Array(0x700) }, dynamic: [] },
    change: { phdr: { 4: { p_type: PT.NULL } } },
    expected: 'ELF_SHIM_BASE PT_LOAD 3.p_vaddr',
  },
  { name: 'a site of no kind', options: site(0x1010, 6), expected: 'ELF_SHIM_SITES .motte.sites.kind' },
  {
    name: 'a site of another kind',
    options: site(0x1010, SITE_KIND.WRFSBASE_RAX),
    expected: 'ELF_SHIM_SITES .motte.sites.offset',
  },
  {
    name: 'a site one byte late',
    options: site(0x1011, SITE_KIND.ENCLU),
    expected: 'ELF_SHIM_SITES .motte.sites.offset',
  },
  {
    name: 'a site in data',
    options: site(Number(DATA), SITE_KIND.ENCLU),
    expected: 'ELF_SHIM_SITES .motte.sites.offset',
  },
  {
    name: 'a site at the end of code',
    options: site(0x10fc, SITE_KIND.ENCLU),
    expected: 'ELF_SHIM_SITES .motte.sites.offset',
  },
  {
    name: 'a site twice',
    options: { sites: [SITES[0] ?? { offset: 0, kind: 0 }, SITES[0] ?? { offset: 0, kind: 0 }] },
    expected: 'ELF_SHIM_SITES .motte.sites.offset',
  },
  {
    name: 'half a record',
    options: { sections: [{ name: '.motte.sites', type: SHT.PROGBITS, bytes: encodeSites(SITES).slice(4) }] },
    expected: 'ELF_SHIM_SITES .motte.sites.sh_size',
  },
];

for (const { name, options = {}, change = {}, expected } of REFUSED) {
  test(`refuses: ${name}`, () => {
    assert.is(
      codeAndField(() => checkShim(readElf(edit(sampleShim(options), change)))),
      expected,
    );
  });
}

/** A shim with a page of code for ring 3, and what is wrong with it. */
function withUser(
  section: { addr?: bigint; size?: number; flags?: bigint } | undefined,
  flags: number = PF.R | PF.X,
  length = 3,
): Uint8Array {
  return buildElf({
    entry: 0x1000n,
    loads: [
      { vaddr: 0x1000n, flags: PF.R | PF.X, bytes: new Uint8Array(16).fill(0x90) },
      { vaddr: 0x2000n, flags, bytes: new Uint8Array(length).fill(0x90) },
    ],
    sections: [
      { name: '.text', type: SHT.PROGBITS, flags: SHF.ALLOC | SHF.EXECINSTR, addr: 0x1000n, size: 16 },
      ...(section === undefined
        ? []
        : [
            {
              name: '.user',
              type: SHT.PROGBITS,
              flags: SHF.ALLOC | SHF.EXECINSTR,
              addr: 0x2000n,
              size: 3,
              ...section,
            },
          ]),
    ],
  });
}

test('the page of code for ring 3 is the section .user, alone in its segment', () => {
  const shim = checkShim(readElf(withUser({})));
  assert.is(
    userSegment(shim),
    shim.loads.find(({ vaddr }) => vaddr === 0x2000n),
  );
});

for (const [name, bytes] of [
  ['no such section', withUser(undefined)],
  ['an empty one', withUser({ size: 0 })],
  ['one that is no code', withUser({ flags: SHF.ALLOC })],
  ['one that is not loaded', withUser({ addr: 0x5000n })],
  ['one within other code', withUser({ addr: 0x1000n })],
  ['a segment that has more', withUser({}, PF.R | PF.X, 4)],
  ['a segment that is writable', withUser({}, PF.R | PF.W)],
] as const) {
  test(`refuses for ring 3: ${name}`, () => {
    assert.is(
      codeAndField(() => userSegment(checkShim(readElf(bytes)))),
      'ELF_SHIM_USER .user',
    );
  });
}

test.run();
