// SPDX-License-Identifier: Apache-2.0
// An exec and a shim that are right, and edits that make one thing of them wrong.
import { buildElf } from '../src/build.js';
import type { BuildSpec, LoadSpec, RangeSpec, SectionSpec } from '../src/build.js';
import { DT, PF, PT, R_X86_64, SHF, SHT, STB, STT } from '../src/constants.js';
import { encodeDynamic } from '../src/dynamic.js';
import type { DynamicEntry } from '../src/dynamic.js';
import { EHDR, PHDR, SHDR, SYM } from '../src/layouts.js';
import { encodeNotes } from '../src/notes.js';
import { encodeRela, encodeRelr } from '../src/relocations.js';
import { SITE_KIND, encodeSites, siteBytes } from '../src/sites.js';
import type { Site } from '../src/sites.js';
import { encodeSymbols } from '../src/symbols.js';

export const CODE = 0x1000n;
export const DATA = 0x3000n;
export const DYNAMIC: bigint = DATA + 0x400n;

type Rela = Parameters<typeof encodeRela>[0][number];

export interface SampleOptions {
  readonly rela?: readonly Rela[];
  readonly jmprel?: readonly Rela[];
  readonly relr?: readonly bigint[];
  readonly dynamic?: readonly DynamicEntry[];
  readonly code?: Partial<LoadSpec>;
  readonly data?: Partial<LoadSpec>;
  readonly segments?: readonly RangeSpec[];
  readonly sections?: readonly SectionSpec[];
  readonly entry?: bigint;
  readonly type?: number;
  readonly machine?: number;
}

/** Places tables one after the other from 0x2000 on, in a read-only PT_LOAD, and says where. */
function tables(options: SampleOptions): { bytes: Uint8Array; entries: DynamicEntry[] } {
  const bytes = new Uint8Array(0x800);
  const entries: DynamicEntry[] = [];
  let at = 0;
  const put = (part: Uint8Array, start: number, size: number): void => {
    if (part.length === 0) return;
    bytes.set(part, at);
    entries.push({ tag: start, value: 0x2000n + BigInt(at) }, { tag: size, value: BigInt(part.length) });
    at += part.length;
  };
  put(encodeRela(options.rela ?? []), DT.RELA, DT.RELASZ);
  if (entries.length > 0) entries.push({ tag: DT.RELAENT, value: 24n });
  put(encodeRela(options.jmprel ?? []), DT.JMPREL, DT.PLTRELSZ);
  if (options.jmprel !== undefined) entries.push({ tag: DT.PLTREL, value: BigInt(DT.RELA) });
  put(encodeRelr(options.relr ?? []), DT.RELR, DT.RELRSZ);
  if (options.relr !== undefined) entries.push({ tag: DT.RELRENT, value: 8n });
  return { bytes, entries };
}

function sampleSpec(options: SampleOptions, code: Uint8Array): BuildSpec {
  const { bytes, entries } = tables(options);
  const dynamic = encodeDynamic(options.dynamic ?? entries);
  const data = new Uint8Array(0x800);
  data.set(dynamic, Number(DYNAMIC - DATA));
  return {
    entry: options.entry ?? CODE,
    type: options.type ?? 3,
    machine: options.machine ?? 62,
    loads: [
      { vaddr: CODE, flags: PF.R | PF.X, bytes: code, ...options.code },
      { vaddr: 0x2000n, flags: PF.R, bytes },
      { vaddr: DATA, flags: PF.R | PF.W, bytes: data, memsz: 0x1800, ...options.data },
    ],
    segments: [
      { type: PT.DYNAMIC, flags: PF.R | PF.W, vaddr: DYNAMIC, filesz: dynamic.length, align: 8n },
      { type: PT.GNU_STACK, flags: PF.R | PF.W, align: 16n },
      ...(options.segments ?? []),
    ],
    sections: options.sections ?? [],
  };
}

const LOCAL_RELATIVE: Rela = { type: R_X86_64.RELATIVE, address: DATA + 8n, addend: CODE };

/** The number of program headers before `segments` of the options. */
export const FIRST_RANGE = 6;

export function sampleExec(options: SampleOptions = {}): Uint8Array {
  const code = new Uint8Array(0x100).fill(0x90);
  const { symtab, strtab, locals } = encodeSymbols([
    { name: 'start.c', type: STT.FILE, binding: STB.LOCAL, section: 0xfff1, value: 0n, size: 0n },
    { name: 'helper', type: STT.FUNC, binding: STB.LOCAL, section: 1, value: CODE + 0x10n, size: 0x20n },
    { name: '_start', type: STT.FUNC, binding: STB.GLOBAL, section: 1, value: CODE, size: 0x10n },
    {
      name: 'helper_alias',
      type: STT.FUNC,
      binding: STB.GLOBAL,
      section: 1,
      value: CODE + 0x10n,
      size: 0x20n,
    },
  ]);
  return buildElf(
    sampleSpec(
      {
        rela: [
          LOCAL_RELATIVE,
          { type: R_X86_64.IRELATIVE, address: DATA + 16n, addend: CODE + 0x10n },
          { type: R_X86_64.TPOFF64, address: DATA + 24n, addend: -8n },
        ],
        jmprel: [{ type: R_X86_64.JUMP_SLOT, symbol: 2, address: DATA + 32n, addend: 0n }],
        relr: [DATA + 64n, DATA + 72n, DATA + 200n],
        sections: [
          { name: '.text', type: SHT.PROGBITS, flags: SHF.ALLOC | SHF.EXECINSTR, addr: CODE, size: 0x100 },
          {
            name: '.note',
            type: SHT.NOTE,
            bytes: encodeNotes([{ name: 'Motte', type: 7, descriptor: Uint8Array.of(1, 2, 3) }]),
          },
          {
            name: '.symtab',
            type: SHT.SYMTAB,
            bytes: symtab,
            link: '.strtab',
            info: locals,
            entsize: BigInt(SYM.size),
          },
          { name: '.strtab', type: SHT.STRTAB, bytes: strtab },
        ],
        segments: [
          { type: PT.TLS, flags: PF.R, vaddr: DATA, filesz: 8, memsz: 16, align: 8n },
          { type: PT.GNU_RELRO, flags: PF.R, vaddr: DATA, filesz: 0x600, align: 1n },
        ],
        ...options,
      },
      code,
    ),
  );
}

/** Where the sample shim has its sites. */
export const SITES: readonly Site[] = [
  { offset: 0x1010, kind: SITE_KIND.ENCLU },
  { offset: 0x1020, kind: SITE_KIND.WRFSBASE_RAX },
  { offset: 0x1030, kind: SITE_KIND.RDFSBASE_RAX },
];

export function sampleShim(options: SampleOptions & { readonly sites?: readonly Site[] } = {}): Uint8Array {
  const code = new Uint8Array(0x100).fill(0x90);
  for (const { offset, kind } of SITES) code.set(siteBytes(kind), offset - Number(CODE));
  const sites = encodeSites(options.sites ?? SITES);
  return buildElf(
    sampleSpec(
      {
        rela: [LOCAL_RELATIVE, { type: R_X86_64.RELATIVE, address: DATA + 16n, addend: DATA }],
        sections: [{ name: '.motte.sites', type: SHT.PROGBITS, bytes: sites }],
        ...options,
      },
      code,
    ),
  );
}

type Member = { readonly fields: readonly { at: number; name: string; type: string }[] };

function set(
  bytes: Uint8Array,
  layout: Member,
  base: number,
  values: Readonly<Record<string, bigint | number>>,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const [name, value] of Object.entries(values)) {
    const field = layout.fields.find((row) => row.name === name);
    if (field === undefined) throw new Error(`no field ${name}`);
    const at = base + field.at;
    if (field.type === 'u64') view.setBigUint64(at, BigInt(value), true);
    else if (field.type === 'u32') view.setUint32(at, Number(value), true);
    else if (field.type === 'u16') view.setUint16(at, Number(value), true);
    else if (field.type === 'u8') view.setUint8(at, Number(value));
    else throw new Error(`no plain field ${name}`);
  }
}

type Values = Readonly<Record<string, bigint | number>>;

/** A copy of a file with members of its headers set. */
export function edit(
  file: Uint8Array,
  change: { ehdr?: Values; phdr?: Readonly<Record<number, Values>>; shdr?: Readonly<Record<number, Values>> },
): Uint8Array {
  const out = file.slice();
  const { e_phoff, e_shoff } = EHDR.read(file);
  for (const [i, values] of Object.entries(change.phdr ?? {}))
    set(out, PHDR, Number(e_phoff) + Number(i) * PHDR.size, values);
  for (const [i, values] of Object.entries(change.shdr ?? {}))
    set(out, SHDR, Number(e_shoff) + Number(i) * SHDR.size, values);
  set(out, EHDR, 0, change.ehdr ?? {});
  return out;
}
