// SPDX-License-Identifier: Apache-2.0
// Makes a whole ELF file of what is in memory: for tests, and for tools that make an exec of something else.
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { EM, ET, PF, PT, SHF, SHT, SHN } from './constants.js';
import { EHDR, PHDR } from './layouts.js';
import { stringTable } from './strings.js';
import type { Section, Segment } from './types.js';
import { writeElf } from './write.js';
import type { Content } from './write.js';

/** A PT_LOAD and its bytes. */
export interface LoadSpec {
  readonly vaddr: bigint;
  readonly flags: number;
  readonly bytes: Uint8Array;
  /** Bytes in memory; those of the file if not given. */
  readonly memsz?: number;
  readonly align?: bigint;
}

/** Another segment: a range of a PT_LOAD, or (PT_GNU_STACK) nothing. */
export interface RangeSpec {
  readonly type: number;
  readonly flags: number;
  readonly vaddr?: bigint;
  readonly filesz?: number;
  readonly memsz?: number;
  readonly align?: bigint;
}

/** A section: a range of a PT_LOAD (`addr`), or bytes of its own that are not loaded. */
export interface SectionSpec {
  readonly name: string;
  readonly type: number;
  readonly flags?: bigint;
  readonly addr?: bigint;
  readonly size?: number;
  readonly bytes?: Uint8Array;
  /** Name of the section that this one refers to. */
  readonly link?: string;
  readonly info?: number;
  readonly addralign?: bigint;
  readonly entsize?: bigint;
}

export interface BuildSpec {
  readonly entry: bigint;
  /** Ascending. The headers are loaded by a PT_LOAD of their own at 0, before these. */
  readonly loads: readonly LoadSpec[];
  readonly segments?: readonly RangeSpec[];
  /** Without any, the file has no section headers. `.shstrtab` is added. */
  readonly sections?: readonly SectionSpec[];
  readonly type?: number;
  readonly machine?: number;
}

type Placed = Omit<Segment, 'index'>;

const PAGE = BigInt(PAGE_SIZE);
const NULL_SECTION: Omit<Section, 'index' | 'name'> = {
  nameOffset: 0,
  type: SHT.NULL,
  flags: 0n,
  addr: 0n,
  offset: 0,
  size: 0,
  link: 0,
  info: 0,
  addralign: 0n,
  entsize: 0n,
};

/** The least offset from `from` on that is like `vaddr` modulo `align`. */
function congruent(from: number, vaddr: bigint, align: bigint): number {
  const unit = align < 1n ? 1n : align;
  const apart = (vaddr - BigInt(from)) % unit;
  return from + Number(apart < 0n ? apart + unit : apart);
}

function placeLoads(specs: readonly LoadSpec[], from: number): Placed[] {
  let end = from;
  return specs.map(({ vaddr, flags, bytes, memsz = bytes.length, align = PAGE }) => {
    const offset = congruent(end, vaddr, align);
    end = offset + bytes.length;
    return { type: PT.LOAD, flags, offset, vaddr, paddr: vaddr, filesz: bytes.length, memsz, align };
  });
}

/** Where the file has `vaddr`, by the PT_LOAD that holds it; 0 when none does. */
function offsetIn(loads: readonly Placed[], vaddr: bigint): number {
  const load = loads.find((l) => vaddr >= l.vaddr && vaddr <= l.vaddr + BigInt(l.memsz));
  return load === undefined ? 0 : load.offset + Number(vaddr - load.vaddr);
}

function placeRange(loads: readonly Placed[], spec: RangeSpec): Placed {
  const { type, flags, vaddr = 0n, filesz = 0, memsz = filesz, align = 1n } = spec;
  const offset = vaddr === 0n && filesz === 0 ? 0 : offsetIn(loads, vaddr);
  return { type, flags, offset, vaddr, paddr: vaddr, filesz, memsz, align };
}

interface PlacedSections {
  readonly sections: readonly Omit<Section, 'index' | 'name'>[];
  readonly contents: readonly Content[];
  readonly shoff: number;
}

function placeSections(
  given: readonly SectionSpec[],
  loads: readonly Placed[],
  from: number,
): PlacedSections {
  if (given.length === 0) return { sections: [], contents: [], shoff: 0 };
  const { bytes: table, offsets } = stringTable([...given.map(({ name }) => name), '.shstrtab']);
  const specs: SectionSpec[] = [...given, { name: '.shstrtab', type: SHT.STRTAB, bytes: table }];
  const contents: Content[] = [];
  let end = from;
  const sections = specs.map((spec): Omit<Section, 'index' | 'name'> => {
    const link = spec.link === undefined ? -1 : specs.findIndex(({ name }) => name === spec.link);
    if (spec.link !== undefined && link < 0) {
      throw new MotteError('ELF_WRITE', {
        field: `${spec.name}.sh_link`,
        expected: spec.link,
        found: 'no such section',
      });
    }
    let offset = spec.addr === undefined ? 0 : offsetIn(loads, spec.addr);
    if (spec.bytes !== undefined) {
      offset = congruent(end, 0n, spec.addralign ?? 1n);
      contents.push({ offset, bytes: spec.bytes });
      end = offset + spec.bytes.length;
    }
    return {
      nameOffset: offsets.get(spec.name) ?? 0,
      type: spec.type,
      flags: spec.flags ?? (spec.addr === undefined ? 0n : SHF.ALLOC),
      addr: spec.addr ?? 0n,
      offset,
      size: spec.bytes?.length ?? spec.size ?? 0,
      link: link + 1,
      info: spec.info ?? 0,
      addralign: spec.addralign ?? 1n,
      entsize: spec.entsize ?? 0n,
    };
  });
  return { sections: [NULL_SECTION, ...sections], contents, shoff: congruent(end, 0n, 8n) };
}

/**
 * Lays an ELF file out and writes it: file header, program headers, PT_LOADs in their order, sections that are not
 * loaded, section headers. Throws ELF_WRITE, and whatever `readElf` would refuse of the result. The caller owns it.
 */
export function buildElf(spec: BuildSpec): Uint8Array {
  const ranges = spec.segments ?? [];
  const headers = EHDR.size + (1 + spec.loads.length + ranges.length) * PHDR.size;
  const head: Placed = {
    type: PT.LOAD,
    flags: PF.R,
    offset: 0,
    vaddr: 0n,
    paddr: 0n,
    filesz: headers,
    memsz: headers,
    align: PAGE,
  };
  const loads = placeLoads(spec.loads, headers);
  const last = loads.at(-1) ?? head;
  const segments = [head, ...loads, ...ranges.map((range) => placeRange([head, ...loads], range))];
  const rest = placeSections(spec.sections ?? [], [head, ...loads], last.offset + last.filesz);
  return writeElf({
    header: {
      osabi: 0,
      abiversion: 0,
      type: spec.type ?? ET.DYN,
      machine: spec.machine ?? EM.X86_64,
      entry: spec.entry,
      phoff: EHDR.size,
      shoff: rest.shoff,
      flags: 0,
      shstrndx: rest.sections.length === 0 ? SHN.UNDEF : rest.sections.length - 1,
    },
    segments,
    sections: rest.sections,
    contents: [
      ...loads.map(({ offset }, i) => ({ offset, bytes: (spec.loads[i] as LoadSpec).bytes })),
      ...rest.contents,
    ],
  });
}
