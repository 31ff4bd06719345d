// SPDX-License-Identifier: Apache-2.0
// The vectors (packages/sign/test/vectors) say that real enclaves come out right; here are the rules that
// none of them uses.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readBytes } from '@motte/binary/source';
import { TCS } from '@motte/binary/sgx/tcs';
import { DT, PF, R_X86_64 } from '@motte/elf/constants';
import { encodeDynamic } from '@motte/elf/dynamic';
import { encodeRela } from '@motte/elf/relocations';
import { readElf } from '@motte/elf/read';
import { permissionsText } from '@motte/plan/ndjson/line';
import type { PagePlan } from '@motte/plan/plan';
import { planSecs } from '@motte/plan/sgx/secs';
import { sdkPlan } from '@motte/plan/sgx/sdk';
import { METADATA } from '@motte/plan/sgx/sdk/layouts';
import { readSdkMetadata } from '@motte/plan/sgx/sdk/metadata';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';
import { sameBytes } from '@motte/test-helpers/bytes';
import { CONTENT_AT, elrangeRecord, entryRow, groupRow, patchRow, sdkElf, sdkFile } from './sdk-samples.js';
import type { SdkSample } from './sdk-samples.js';

function planOf(sample: SdkSample): PagePlan {
  const elf = sdkElf(sample);
  const [first] = readSdkMetadata(elf);
  if (first === undefined) throw new Error('no block');
  return sdkPlan(elf, first, 'e.so');
}

/** Address, pages, permissions, `m` when measured. */
function outline(plan: PagePlan): string[] {
  return plan.runs
    .slice(1)
    .map(
      (run) =>
        `${run.address.toString(16)} ${run.pages} ${run.kind === 'tcs' ? 'tcs' : permissionsText(run.permissions)}${run.measured ? ' m' : ''}`,
    );
}

const SEGMENTS = ['0 1 r-- m', '1000 3 r-x m', '8000 2 rw- m'];

test('the SECS is what the metadata wants', () => {
  const { size, ssaframesize, attributes, xfrm } = planSecs(planOf({ size: 0x200000n }));
  assert.equal([size, ssaframesize, attributes, xfrm], [0x200000n, 1, 6n, 7n]);
});

test('layout entries: guard, later memory, heap, fill, content, TCS', () => {
  const content = Uint8Array.from({ length: 72 }, (_, i) => (i % 16 === 0 ? 0x10 : 0));
  const rows = [
    entryRow({ rva: 0x10000n, si_flags: 0n, page_count: 16 }),
    entryRow({ rva: 0x20000n, attributes: 8, page_count: 4 }),
    entryRow({ rva: 0x30000n, attributes: 1, page_count: 256 - 0x10 }),
  ];
  const made = [
    entryRow({ rva: 0x40000n, content_size: 0xcccccccc, page_count: 2 }),
    entryRow({ rva: 0x50000n, content_offset: CONTENT_AT, content_size: 72, page_count: 2, attributes: 1 }),
    entryRow({ rva: 0x60000n, content_offset: CONTENT_AT, content_size: 72, si_flags: 0x100n }),
  ];
  assert.equal(outline(planOf({ rows: rows.slice(0, 2) })), SEGMENTS);
  assert.equal(outline(planOf({ rows: [entryRow({ rva: 0x30000n, attributes: 1, page_count: 7 })] })), [
    ...SEGMENTS,
    '30000 7 rw-',
  ]);
  const plan = planOf({ rows: made, content });
  // A region with content is measured whatever bit 1 says.
  assert.equal(outline(plan), [...SEGMENTS, '40000 2 rw- m', '50000 2 rw- m', '60000 1 tcs m']);
  const [fill, region, tcs] = plan.runs.slice(-3);
  assert.ok(fill !== undefined && region !== undefined && tcs !== undefined);
  sameBytes(readBytes(fill.bytes, 0, 8192), new Uint8Array(8192).fill(0xcc));
  sameBytes(readBytes(region.bytes, 0, region.bytes.size), content);
  sameBytes(readBytes(sdkElf({ rows: made, content }).source, region.source.offset, 72), content);
  const page = new Uint8Array(4096);
  page.set(readBytes(tcs.bytes, 0, tcs.bytes.size));
  const { ossa, oentry, ofsbase, ogsbase } = TCS.read(page);
  assert.equal([ossa, ofsbase, ogsbase, oentry], [0x60010n, 0x60010n, 0x60000n, 0x10n]);
});

test('a group repeats the rows before it, a step further each time', () => {
  const rows = [
    entryRow({ rva: 0x10000n }),
    entryRow({ rva: 0x20000n, attributes: 1 }),
    entryRow({ rva: 0x21000n, content_offset: CONTENT_AT, content_size: 8, si_flags: 0x100n }),
    groupRow(2, 3, 0x4000n),
    entryRow({ rva: 0x80000n }),
  ];
  assert.equal(outline(planOf({ rows })), [
    ...SEGMENTS,
    '10000 1 rw- m',
    '20000 1 rw-',
    '21000 1 tcs m',
    '24000 1 rw-',
    '25000 1 tcs m',
    '28000 1 rw-',
    '29000 1 tcs m',
    '2c000 1 rw-',
    '2d000 1 tcs m',
    '80000 1 rw- m',
  ]);
  assert.equal(outline(planOf({ rows: [...rows.slice(0, 1), groupRow(1, 0, 0n)] })), [
    ...SEGMENTS,
    '10000 1 rw- m',
  ]);
});

test('an ELRANGE moves everything and gives the size', () => {
  const plan = planOf({
    version: [11, 5],
    elrange: elrangeRecord(0x1000000n, 0x800000n, 0x4000000n),
    rows: [entryRow({ rva: 0x10000n })],
  });
  assert.is(plan.size, 0x4000000n);
  assert.equal(outline(plan), ['800000 1 r-- m', '801000 3 r-x m', '808000 2 rw- m', '810000 1 rw- m']);
});

const RELA_AT = 0x9000n;

/**
 * Code with relocations, which stand in a segment of their own; the dynamic section is the segment between
 * them.
 */
function relocated(
  addresses: readonly bigint[],
  textrel: boolean,
  type: number = R_X86_64.RELATIVE,
): SdkSample {
  const rela = encodeRela(addresses.map((address) => ({ type, address, addend: 0n })));
  const dynamic = [
    { tag: DT.RELA, value: RELA_AT },
    { tag: DT.RELASZ, value: BigInt(rela.length) },
    { tag: DT.RELAENT, value: 24n },
    ...(textrel ? [{ tag: DT.TEXTREL, value: 0n }] : []),
  ];
  return {
    dynamic,
    loads: [
      { vaddr: 0x1000n, flags: PF.R | PF.X, bytes: new Uint8Array(0x2100).fill(0xc3), memsz: 0x4000 },
      { vaddr: 0x8000n, flags: PF.R | PF.W, bytes: encodeDynamic(dynamic) },
      { vaddr: RELA_AT, flags: PF.R, bytes: rela },
    ],
  };
}

test('text relocations make the pages that they change writable', () => {
  const around = ['0 1 r-- m', '8000 1 rw- m', '9000 1 r-- m'];
  const code = (sample: SdkSample): string[] =>
    outline(planOf(sample)).filter((line) => !around.includes(line));
  // The second crosses into the page after it; the last lies in zeros, which no relocation makes writable.
  const addresses = [0x1010n, 0x2ffcn, 0x4800n];
  assert.equal(code(relocated(addresses, true)), ['1000 3 rwx m', '4000 1 r-x m']);
  assert.equal(code(relocated(addresses, false)), ['1000 4 r-x m']);
  assert.equal(code(relocated([0x2010n], true)), ['1000 1 r-x m', '2000 1 rwx m', '3000 2 r-x m']);
  assert.equal(code(relocated([0x2010n], true, R_X86_64.NONE)), ['1000 4 r-x m']);
});

test('metadata 1.3 has a page more where size and address together pass a page', () => {
  const loads = [
    { vaddr: 0x1000n, flags: PF.R | PF.X, bytes: Uint8Array.of(0xc3) },
    // Rounded first: 0x1000 + 0x2f00 ends in page 3, where the true end is in page 2.
    { vaddr: 0x2f00n, flags: PF.R | PF.W, bytes: Uint8Array.of(1, 2), memsz: 0x80 },
    { vaddr: 0x5f00n, flags: PF.R, bytes: Uint8Array.of(1), memsz: 0x100 },
    { vaddr: 0x6000n, flags: PF.R | PF.W, bytes: Uint8Array.of(1), memsz: 0x1000 },
    { vaddr: 0x9800n, flags: PF.R | PF.W, bytes: new Uint8Array(0), memsz: 0x10 },
  ];
  const base = ['0 1 r-- m', '1000 1 r-x m', '2000 1 rw- m'];
  const tail = ['5000 1 r-- m', '6000 1 rw- m', '9000 1 rw- m'];
  assert.equal(outline(planOf({ version: [1, 3], loads })), [
    ...base,
    '3000 1 rw- m',
    ...tail,
    'a000 1 rw- m',
  ]);
  assert.equal(outline(planOf({ version: [1, 4], loads })), [...base, ...tail]);
});

test('patches are applied before anything is read, and their pages stand by themselves', () => {
  const file = sdkFile({});
  const elf = readElf(file);
  const code = elf.segments.find(({ flags }) => (flags & PF.X) !== 0);
  assert.ok(code !== undefined);
  const content = Uint8Array.of(0xde, 0xad, 0xbe, 0xef);
  const at = code.offset + 0x1000 - 2;
  const plan = planOf({ patches: [patchRow(BigInt(at), 4)], content });
  assert.equal(outline(plan), ['0 1 r-- m', '1000 2 r-x m', '3000 1 r-x m', '8000 2 rw- m']);
  const patched = plan.runs[2];
  assert.ok(patched !== undefined);
  assert.is(patched.source.inline, true);
  sameBytes(readBytes(patched.bytes, 0xffe, 4), content);
  // A patch may even take the permissions of a segment away.
  const header = elf.header.phoff + code.index * 56 + 4;
  const flags = planOf({ patches: [patchRow(BigInt(header), 4)], content: Uint8Array.of(PF.R, 0, 0, 0) });
  assert.ok(outline(flags).includes('1000 3 r-- m'), outline(flags).join());
});

test('what the format does not allow is refused by its reason', () => {
  const cases: readonly (readonly [string, SdkSample, string])[] = [
    ['another note', { noteName: 'other' }, 'SDK_METADATA .note.sgxmeta'],
    ['another magic', { edit: (b) => void (b[0] = 0) }, 'SDK_METADATA METADATA.magic'],
    [
      'a block longer than its note',
      { edit: (_, v) => v.setUint32(16, 1 << 20, true) },
      'SDK_METADATA METADATA.size',
    ],
    [
      'a block shorter than its head',
      { edit: (_, v) => v.setUint32(16, 100, true) },
      'SDK_METADATA METADATA.size',
    ],
    [
      'half a row',
      { edit: (_, v) => v.setUint32(METADATA.offsetOf('layout_size'), 16, true) },
      'SDK_METADATA LAYOUT_ENTRY directory',
    ],
    [
      'rows outside',
      {
        edit: (_, v) => v.setUint32(METADATA.offsetOf('layout_offset'), 0xffffffe0, true),
        rows: [entryRow({})],
      },
      'SDK_METADATA LAYOUT_ENTRY directory',
    ],
    ['no ELRANGE record', { version: [11, 5] }, 'SDK_METADATA ELRANGE directory'],
    [
      'an image before its ELRANGE',
      { version: [11, 5], elrange: elrangeRecord(0n, 0x1000n, 0x100000n) },
      'SDK_METADATA ELRANGE.image_address',
    ],
    ['a patch from outside', { patches: [patchRow(0n, 0xffff)] }, 'SDK_METADATA PATCH.source'],
    ['a patch to outside', { patches: [patchRow(1n << 40n, 4)] }, 'SDK_METADATA PATCH.destination'],
    [
      'a group of more rows than there are',
      { rows: [entryRow({ rva: 0x10000n }), groupRow(2, 1, 0x1000n)] },
      'SDK_LAYOUT layout[1].entry_count',
    ],
    ['a group of groups', { rows: [groupRow(0, 1, 0n), groupRow(1, 1, 0n)] }, 'SDK_LAYOUT layout[1]'],
    [
      'a group without end',
      { rows: [entryRow({ rva: 0x10000n }), groupRow(1, 0xffffffff, 0x1000n)] },
      'SDK_LAYOUT layout[1].load_times',
    ],
    [
      'a group that stays where it is',
      { rows: [entryRow({ rva: 0x10000n }), groupRow(1, 2, 0n)] },
      'PLAN_INVALID runs[5].address',
    ],
    [
      'content outside the block',
      { rows: [entryRow({ rva: 0x10000n, content_offset: 0xfffffff0, content_size: 1 })] },
      'SDK_LAYOUT layout entry 0x1.content_size',
    ],
    [
      'content larger than its pages',
      { rows: [entryRow({ rva: 0x10000n, content_offset: 4, content_size: 4097 })] },
      'SDK_LAYOUT layout entry 0x1.content_size',
    ],
    [
      'pages of type VA',
      { rows: [entryRow({ rva: 0x10000n, si_flags: 0x303n })] },
      'SDK_LAYOUT layout entry 0x1.si_flags',
    ],
    [
      'a TCS for every page there is',
      { rows: [entryRow({ content_offset: 4, content_size: 4, si_flags: 0x100n, page_count: 0xffffffff })] },
      'SDK_LAYOUT layout entry 0x1.page_count',
    ],
    ['an RVA within a page', { rows: [entryRow({ rva: 0x10010n })] }, 'PLAN_INVALID runs[4].address'],
    ['an RVA on a segment', { rows: [entryRow({ rva: 0x1000n })] }, 'PLAN_INVALID runs[4].address'],
    ['an RVA outside', { rows: [entryRow({ rva: 0x100000n })] }, 'PLAN_INVALID runs[4].address'],
    [
      'more pages than the enclave has',
      { rows: [entryRow({ rva: 0x10000n, page_count: 0xffffffff })] },
      'PLAN_INVALID runs[4].address',
    ],
    ['a size that is no power of two', { size: 0x180000n }, 'PLAN_INVALID runs[0].size'],
  ];
  for (const [name, sample, expected] of cases)
    assert.is(
      codeAndField(() => planOf(sample)),
      expected,
      name,
    );
});

test('damaged metadata never ends in anything but a MotteError, soon', () => {
  const file = sdkFile({
    version: [11, 5],
    elrange: elrangeRecord(0x1000000n, 0n, 0x4000000n),
    rows: [
      entryRow({ rva: 0x10000n }),
      entryRow({ rva: 0x20000n, content_size: 7 }),
      groupRow(2, 3, 0x40000n),
    ],
    patches: [patchRow(0x28n, 8)],
  });
  const elf = readElf(file);
  const note = elf.sections.find(({ name }) => name === '.note.sgxmeta');
  assert.ok(note !== undefined);
  const interesting = [0, 1, 0x7f, 0x80, 0xff];
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.nat({ max: note.size - 1 }),
          fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...interesting)),
        ),
        { minLength: 1, maxLength: 4 },
      ),
      (edits) => {
        const bytes = file.slice();
        for (const [at, value] of edits) bytes[note.offset + at] = value;
        codeOf(() => {
          const damaged = readElf(bytes);
          for (const block of readSdkMetadata(damaged)) sdkPlan(damaged, block, 'e.so');
        });
      },
    ),
    { numRuns: 800 },
  );
});

test.run();
