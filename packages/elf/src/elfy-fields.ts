// SPDX-License-Identifier: Apache-2.0
// What elfy 1.0.0, the foreign reader that ours is compared with, gets right.
//
// Left out, as elfy 1.0.0 errs: osabi and abiversion (read one byte early), sh_addralign and sh_entsize (two bytes
// early), unknown p_type (undefined), bits of p_flags and sh_flags beyond those below (names of Solaris), SHT_RELR
// (called `num`), machines that its table lacks, any 64-bit value from 2^53 on (a double), data of what passes the
// end of the file (cut). It throws TypeError for a file without sections.
import type { Elf, ElfHeader, Section, Segment } from './types.js';

/** How elfy gives a field: as it is, as a name for a number, or as a set of names of bits. */
export type ElfyKind = 'plain' | 'name' | 'bits';

/** One field that both readers give. */
export interface ElfyField {
  readonly of: 'header' | 'program' | 'section';
  /** Its name in what elfy returns. */
  readonly elfy: string;
  /** Its name in `ElfHeader`, `Segment` or `Section`. */
  readonly ours: string;
  readonly kind: ElfyKind;
  /** elfy's names, by number or bit. Numbers that are not here are not compared. */
  readonly names?: Readonly<Record<number, string>>;
}

const TYPES = { 0: 'none', 1: 'rel', 2: 'exec', 3: 'dyn', 4: 'core' } as const;
const MACHINES = { 3: '386', 21: 'ppc64', 40: 'arm', 62: 'amd64', 183: 'AArch64' } as const;
const PROGRAM_TYPES = {
  0: 'null',
  1: 'load',
  2: 'dynamic',
  3: 'interp',
  4: 'note',
  6: 'phdr',
  7: 'tls',
  0x6474e550: 'sunw_eh_frame',
  0x6474e551: 'gnu_stack',
  0x6474e552: 'gnu_relro',
} as const;
const PROGRAM_BITS = { 1: 'x', 2: 'w', 4: 'r' } as const;
const SECTION_TYPES = {
  0: 'null',
  1: 'progbits',
  2: 'symtab',
  3: 'strtab',
  4: 'rela',
  5: 'hash',
  6: 'dynamic',
  7: 'note',
  8: 'nobits',
  9: 'rel',
  11: 'dynsym',
  14: 'init_array',
  15: 'fini_array',
  16: 'preinit_array',
  17: 'group',
  18: 'symtab_shndx',
  0x6ffffff6: 'gnu_hash',
  0x6ffffffe: 'sunw_verneed',
} as const;
const SECTION_BITS = {
  0x1: 'write',
  0x2: 'alloc',
  0x4: 'execinstr',
  0x10: 'merge',
  0x20: 'strings',
  0x40: 'info_link',
  0x80: 'link_order',
  0x200: 'group',
  0x400: 'tls',
} as const;

/** The fields on which a disagreement is a fault of one of the two readers. */
export const ELFY_FIELDS: readonly ElfyField[] = [
  { of: 'header', elfy: 'type', ours: 'type', kind: 'name', names: TYPES },
  { of: 'header', elfy: 'machine', ours: 'machine', kind: 'name', names: MACHINES },
  { of: 'header', elfy: 'entry', ours: 'entry', kind: 'plain' },
  { of: 'header', elfy: 'phoff', ours: 'phoff', kind: 'plain' },
  { of: 'header', elfy: 'shoff', ours: 'shoff', kind: 'plain' },
  { of: 'header', elfy: 'flags', ours: 'flags', kind: 'plain' },
  { of: 'header', elfy: 'phnum', ours: 'phnum', kind: 'plain' },
  { of: 'header', elfy: 'shnum', ours: 'shnum', kind: 'plain' },
  { of: 'header', elfy: 'shstrndx', ours: 'shstrndx', kind: 'plain' },
  { of: 'program', elfy: 'type', ours: 'type', kind: 'name', names: PROGRAM_TYPES },
  { of: 'program', elfy: 'flags', ours: 'flags', kind: 'bits', names: PROGRAM_BITS },
  { of: 'program', elfy: 'offset', ours: 'offset', kind: 'plain' },
  { of: 'program', elfy: 'vaddr', ours: 'vaddr', kind: 'plain' },
  { of: 'program', elfy: 'paddr', ours: 'paddr', kind: 'plain' },
  { of: 'program', elfy: 'filesz', ours: 'filesz', kind: 'plain' },
  { of: 'program', elfy: 'memsz', ours: 'memsz', kind: 'plain' },
  { of: 'program', elfy: 'align', ours: 'align', kind: 'plain' },
  { of: 'section', elfy: 'name', ours: 'name', kind: 'plain' },
  { of: 'section', elfy: 'type', ours: 'type', kind: 'name', names: SECTION_TYPES },
  { of: 'section', elfy: 'flags', ours: 'flags', kind: 'bits', names: SECTION_BITS },
  { of: 'section', elfy: 'addr', ours: 'addr', kind: 'plain' },
  { of: 'section', elfy: 'off', ours: 'offset', kind: 'plain' },
  { of: 'section', elfy: 'size', ours: 'size', kind: 'plain' },
  { of: 'section', elfy: 'link', ours: 'link', kind: 'plain' },
  { of: 'section', elfy: 'info', ours: 'info', kind: 'plain' },
];

/** A field that the two readers give differently. */
export interface Disagreement {
  /** `program 2.vaddr`. */
  readonly field: string;
  readonly ours: string;
  readonly elfy: string;
}

function member(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null
    ? (object as Record<string, unknown>)[name]
    : undefined;
}

/** Both readers' value as texts that are alike when the values agree; undefined where elfy cannot tell. */
function pair(field: ElfyField, ours: unknown, elfy: unknown): readonly [string, string] | undefined {
  const value = typeof ours === 'bigint' ? ours : typeof ours === 'number' ? BigInt(ours) : undefined;
  if (value !== undefined && value > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  if (field.kind === 'plain') return [String(ours), String(elfy)];
  if (field.kind === 'name') {
    const name = field.names?.[Number(value)];
    return name === undefined ? undefined : [name, String(elfy)];
  }
  const bits = Object.entries(field.names ?? {});
  const set = bits.filter(([bit]) => ((value ?? 0n) & BigInt(bit)) !== 0n).map(([, name]) => name);
  const theirs = bits.map(([, name]) => name).filter((name) => member(elfy, name) === true);
  return [set.join(' '), theirs.join(' ')];
}

function* compareOne(
  of: ElfyField['of'],
  label: string,
  ours: ElfHeader | Segment | Section,
  elfy: unknown,
): Generator<Disagreement> {
  for (const field of ELFY_FIELDS.filter((row) => row.of === of)) {
    const values = pair(field, member(ours, field.ours), member(elfy, field.elfy));
    if (values !== undefined && values[0] !== values[1]) {
      yield { field: `${label}.${field.elfy}`, ours: values[0], elfy: values[1] };
    }
  }
}

/**
 * Compares what our reader says of a file with what `elfy.parse` returned for it, on `ELFY_FIELDS`; none when they
 * agree. A count of program headers or sections that differs is a disagreement too.
 */
export function compareWithElfy(elf: Elf, parsed: unknown): Disagreement[] {
  const body = member(parsed, 'body');
  const list = (name: string): unknown[] => {
    const value = member(body, name);
    return Array.isArray(value) ? (value as unknown[]) : [];
  };
  const programs = list('programs');
  const sections = list('sections');
  const counts = [
    ['programs', elf.segments.length, programs.length],
    ['sections', elf.sections.length, sections.length],
  ] as const;
  return [
    ...counts.flatMap(([field, ours, elfy]) =>
      ours === elfy ? [] : [{ field: `${field}.length`, ours: `${ours}`, elfy: `${elfy}` }],
    ),
    ...compareOne('header', 'header', elf.header, parsed),
    ...elf.segments.flatMap((own, i) => [...compareOne('program', `program ${i}`, own, programs[i])]),
    ...elf.sections.flatMap((own, i) => [...compareOne('section', `section ${i}`, own, sections[i])]),
  ];
}
