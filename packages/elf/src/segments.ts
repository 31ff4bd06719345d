// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { checkRange, toSafeNumber } from '@motte/binary/range';
import type { ByteSource } from '@motte/binary/source';
import { PF, PT, nameOf } from './constants.js';
import { PHDR } from './layouts.js';
import { records } from './records.js';
import type { Elf, ElfHeader, Segment } from './types.js';

const ADDRESS_END = 1n << 64n;

/** Types of which a file has one at most. */
const SINGLE: ReadonlySet<number> = new Set([
  PT.PHDR,
  PT.INTERP,
  PT.DYNAMIC,
  PT.TLS,
  PT.GNU_STACK,
  PT.GNU_RELRO,
]);

/** `PT_LOAD 2`: how messages and plans call a segment. */
export function segmentName(segment: Pick<Segment, 'index' | 'type'>): string {
  return `${nameOf('PT', PT, segment.type)} ${segment.index}`;
}

function checkSizes(segment: Segment, source: ByteSource, at: number): void {
  const name = segmentName(segment);
  if (segment.filesz > 0 && segment.offset + segment.filesz > source.size) {
    throw new MotteError('ELF_TRUNCATED', {
      field: `${name}.p_filesz`,
      expected: `bytes 0x${segment.offset.toString(16)} + 0x${segment.filesz.toString(16)} within the file`,
      found: `a file of 0x${source.size.toString(16)} bytes`,
      offset: at + PHDR.offsetOf('p_filesz'),
    });
  }
  if (segment.filesz > segment.memsz) {
    throw new MotteError('ELF_SEGMENT_SIZE', {
      field: `${name}.p_memsz`,
      expected: `at least p_filesz, 0x${segment.filesz.toString(16)}`,
      found: `0x${segment.memsz.toString(16)}`,
      offset: at + PHDR.offsetOf('p_memsz'),
    });
  }
  const memoryAt = at + PHDR.offsetOf('p_vaddr');
  checkRange(segment.vaddr, BigInt(segment.memsz), ADDRESS_END, `${name}.p_vaddr`, memoryAt);
}

function checkAlignment(segment: Segment, at: number): void {
  const { align } = segment;
  const field = `${segmentName(segment)}.p_align`;
  const offset = at + PHDR.offsetOf('p_align');
  if ((align & (align - 1n)) !== 0n) {
    throw new MotteError('ELF_SEGMENT_ALIGN', { field, expected: 'a power of two', found: align, offset });
  }
  // The gABI asks this of what is loaded. Linkers place PT_TLS and PT_GNU_STACK without contents anywhere.
  const apart = segment.vaddr - BigInt(segment.offset);
  if (segment.type === PT.LOAD && align > 1n && apart % align !== 0n) {
    throw new MotteError('ELF_SEGMENT_ALIGN', {
      field,
      expected: 'p_vaddr and p_offset alike modulo p_align',
      found: `p_vaddr 0x${segment.vaddr.toString(16)}, p_offset 0x${segment.offset.toString(16)}, p_align 0x${align.toString(16)}`,
      offset,
    });
  }
}

/** Reads and checks the program headers that `header` announces; their range has been checked. */
export function readSegments(source: ByteSource, header: ElfHeader): Segment[] {
  const out: Segment[] = [];
  const seen = new Set<number>();
  let previous: Segment | undefined;
  for (const { bytes, at, offset } of records(source, header.phoff, header.phnum * PHDR.size, PHDR.size)) {
    const raw = PHDR.read(bytes, at);
    const name = segmentName({ index: out.length, type: raw.p_type });
    const length = (field: 'p_offset' | 'p_filesz' | 'p_memsz'): number =>
      toSafeNumber(raw[field], `${name}.${field}`, offset + PHDR.offsetOf(field));
    const segment: Segment = {
      index: out.length,
      type: raw.p_type,
      flags: raw.p_flags,
      offset: length('p_offset'),
      vaddr: raw.p_vaddr,
      paddr: raw.p_paddr,
      filesz: length('p_filesz'),
      memsz: length('p_memsz'),
      align: raw.p_align,
    };
    // The gABI: all other members of a PT_NULL entry are undefined.
    if (segment.type !== PT.NULL) {
      checkSizes(segment, source, offset);
      checkAlignment(segment, offset);
    }
    if (SINGLE.has(segment.type) && seen.has(segment.type)) {
      const expected = `one ${nameOf('PT', PT, segment.type)} at most`;
      throw new MotteError('ELF_SEGMENT_DUPLICATE', { field: name, expected, found: 'another', offset });
    }
    seen.add(segment.type);
    if (segment.type === PT.LOAD) {
      const end = previous === undefined ? 0n : previous.vaddr + BigInt(previous.memsz);
      if (previous !== undefined && segment.vaddr < end) {
        throw new MotteError('ELF_SEGMENT_ORDER', {
          field: `${name}.p_vaddr`,
          expected: `at least 0x${end.toString(16)}, the end of ${segmentName(previous)}`,
          found: segment.vaddr,
          offset: offset + PHDR.offsetOf('p_vaddr'),
        });
      }
      previous = segment;
    }
    out.push(segment);
  }
  return out;
}

/** The PT_LOAD segments, in ascending order of their addresses. */
export function loadSegments(elf: Pick<Elf, 'segments'>): Segment[] {
  return elf.segments.filter((segment) => segment.type === PT.LOAD);
}

/** The one segment of a type of which a file has one at most. */
export function singleSegment(elf: Pick<Elf, 'segments'>, type: number): Segment | undefined {
  return elf.segments.find((segment) => segment.type === type);
}

/** Of PT_LOADs in ascending order the one whose memory holds all of [address, address + length), or undefined. */
export function findLoad(loads: readonly Segment[], address: bigint, length: bigint): Segment | undefined {
  let low = 0;
  let high = loads.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((loads[middle] as Segment).vaddr <= address) low = middle + 1;
    else high = middle;
  }
  const load = loads[low - 1];
  return load !== undefined && address + length <= load.vaddr + BigInt(load.memsz) ? load : undefined;
}

/** The PT_LOAD whose memory holds all of [address, address + length), or undefined. */
export function loadAt(elf: Pick<Elf, 'segments'>, address: bigint, length = 1n): Segment | undefined {
  return findLoad(loadSegments(elf), address, length);
}

/**
 * Where the file has the `length` bytes that are loaded at `address`. Throws ELF_ADDRESS, naming `field`, when
 * no PT_LOAD takes them all from the file.
 */
export function fileOffset(
  elf: Pick<Elf, 'segments'>,
  address: bigint,
  length: number,
  field: string,
): number {
  const segment = loadAt(elf, address, BigInt(length));
  const from = segment === undefined ? 0 : Number(address - segment.vaddr);
  if (segment === undefined || from + length > segment.filesz) {
    throw new MotteError('ELF_ADDRESS', {
      field,
      expected: `${length} bytes that one PT_LOAD takes from the file`,
      found: address,
    });
  }
  return segment.offset + from;
}

/** `r`, `w` and `x` or `-`, as in `r-x`. */
export function permissionText(segment: Pick<Segment, 'flags'>): string {
  const letter = (bit: number, name: string): string => ((segment.flags & bit) === 0 ? '-' : name);
  return letter(PF.R, 'r') + letter(PF.W, 'w') + letter(PF.X, 'x');
}
