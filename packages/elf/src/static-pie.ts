// SPDX-License-Identifier: Apache-2.0
// What a shim and an exec have in common: a static PIE for x86-64 whose segments can become pages.
import { MotteError } from '@motte/binary/error';
import type { ErrorCode } from '@motte/binary/error';
import { PAGE_SIZE, alignDown, alignUp } from '@motte/binary/range';
import { DF, DT, EM, ET, PF, PT, R_X86_64, nameOf } from './constants.js';
import { readDynamic } from './dynamic.js';
import type { Dynamic } from './dynamic.js';
import { EHDR, PHDR } from './layouts.js';
import { readRelocations, relocationName } from './relocations.js';
import type { Relocation } from './relocations.js';
import { findLoad, loadAt, loadSegments, permissionText, segmentName, singleSegment } from './segments.js';
import type { Elf, Segment } from './types.js';

const PAGE = BigInt(PAGE_SIZE);

/** Regions of a Keep start on multiples of this, so no segment can ask for more. */
export const MAX_ALIGN = 0x200000n;

/** Where the program header of a segment stands, or one member of it. */
function headerAt(elf: Elf, segment: Segment, member?: 'p_type' | 'p_flags' | 'p_vaddr' | 'p_align'): number {
  const base = elf.header.phoff + segment.index * PHDR.size;
  return base + (member === undefined ? 0 : PHDR.offsetOf(member));
}

/** Refuses what is not an x86-64 PIE, or what a dynamic loader would have to load. */
export function checkKind(elf: Elf): void {
  const { type, machine } = elf.header;
  if (machine !== EM.X86_64) {
    throw new MotteError('ELF_MACHINE', {
      field: 'e_machine',
      expected: 'EM_X86_64',
      found: nameOf('EM', EM, machine),
      offset: EHDR.offsetOf('e_machine'),
    });
  }
  if (type !== ET.DYN) {
    throw new MotteError(type === ET.EXEC ? 'ELF_NOT_PIE' : 'ELF_NOT_PROGRAM', {
      field: 'e_type',
      expected: 'ET_DYN',
      found: nameOf('ET', ET, type),
      offset: EHDR.offsetOf('e_type'),
    });
  }
  const interp = singleSegment(elf, PT.INTERP);
  if (interp !== undefined) {
    throw new MotteError('ELF_INTERP', {
      field: segmentName(interp),
      expected: 'no PT_INTERP',
      found: 'one',
      offset: headerAt(elf, interp, 'p_type'),
    });
  }
}

const ACCESS = PF.R | PF.W | PF.X;

/** What keeps a segment's pages from having its permissions: an error's code, if anything. */
function unfit({ flags }: Segment): ErrorCode | undefined {
  if ((flags & ACCESS) === 0) return 'ELF_NO_PERMISSIONS';
  if ((flags & PF.W) === 0) return undefined;
  if ((flags & PF.X) !== 0) return 'ELF_WRITE_EXECUTE';
  return (flags & PF.R) === 0 ? 'ELF_WRITE_ONLY' : undefined;
}

/** The segments to load; refuses those that cannot become pages with one permission each. */
export function checkLoads(elf: Elf): Segment[] {
  const loads = loadSegments(elf).filter((segment) => segment.memsz > 0);
  if (loads.length === 0) {
    throw new MotteError('ELF_NO_LOAD', { field: 'PT_LOAD', expected: 'at least one', found: 'none' });
  }
  let previous: Segment | undefined;
  for (const load of loads) {
    const name = segmentName(load);
    const code = unfit(load);
    if (code !== undefined) {
      throw new MotteError(code, {
        field: `${name}.p_flags`,
        expected: 'r--, rw-, r-x or --x',
        found: permissionText(load),
        offset: headerAt(elf, load, 'p_flags'),
      });
    }
    if (load.align < PAGE || load.align > MAX_ALIGN) {
      throw new MotteError('ELF_ALIGNMENT', {
        field: `${name}.p_align`,
        expected: `0x${PAGE.toString(16)} to 0x${MAX_ALIGN.toString(16)}`,
        found: load.align,
        offset: headerAt(elf, load, 'p_align'),
      });
    }
    const taken = previous === undefined ? 0n : alignUp(previous.vaddr + BigInt(previous.memsz), PAGE);
    if (previous !== undefined && alignDown(load.vaddr, PAGE) < taken) {
      throw new MotteError('ELF_PAGE_SHARED', {
        field: `${name}.p_vaddr`,
        expected: `at least 0x${taken.toString(16)}, the page after ${segmentName(previous)}`,
        found: load.vaddr,
        offset: headerAt(elf, load, 'p_vaddr'),
      });
    }
    previous = load;
  }
  const stack = singleSegment(elf, PT.GNU_STACK);
  if (stack !== undefined && (stack.flags & PF.X) !== 0) {
    throw new MotteError('ELF_STACK_EXECUTABLE', {
      field: `${segmentName(stack)}.p_flags`,
      expected: 'rw-',
      found: permissionText(stack),
      offset: headerAt(elf, stack, 'p_flags'),
    });
  }
  return loads;
}

/** Refuses an entry that is not in an executable segment. */
export function checkEntry(elf: Elf): void {
  const { entry } = elf.header;
  const segment = loadAt(elf, entry);
  if (segment === undefined || (segment.flags & PF.X) === 0) {
    throw new MotteError('ELF_ENTRY', {
      field: 'e_entry',
      expected: 'an address in an executable PT_LOAD',
      found:
        segment === undefined
          ? entry
          : `0x${entry.toString(16)} in ${segmentName(segment)}, ${permissionText(segment)}`,
      offset: EHDR.offsetOf('e_entry'),
    });
  }
}

/**
 * Refuses a segment that the running program looks at by its address, but that is not what the file has at its
 * offset: else it would see other bytes than those which were checked. What the file does not hold of it may pass
 * the end of the PT_LOAD: .tbss takes no memory there, and lld rounds PT_GNU_RELRO up to a page.
 */
export function checkLoaded(elf: Elf, segment: Segment): void {
  const load = loadAt(elf, segment.vaddr, BigInt(Math.max(segment.filesz, 1)));
  const apart = load === undefined ? -1n : segment.vaddr - load.vaddr;
  const same = load !== undefined && BigInt(segment.offset - load.offset) === apart;
  const backed = load !== undefined && apart + BigInt(segment.filesz) <= BigInt(load.filesz);
  if (load === undefined || (segment.filesz > 0 && !(same && backed))) {
    throw new MotteError('ELF_NOT_LOADED', {
      field: segmentName(segment),
      expected: 'a range of one PT_LOAD, in memory and in the file alike',
      found: `p_vaddr 0x${segment.vaddr.toString(16)}, p_offset 0x${segment.offset.toString(16)}`,
      offset: headerAt(elf, segment),
    });
  }
}

/** The dynamic section; refuses shared libraries and declared text relocations. */
export function checkDynamic(elf: Elf): Dynamic | undefined {
  const segment = singleSegment(elf, PT.DYNAMIC);
  if (segment !== undefined) checkLoaded(elf, segment);
  const dynamic = readDynamic(elf);
  if (dynamic === undefined) return undefined;
  const needed = dynamic.entries.filter(({ tag }) => tag === DT.NEEDED).length;
  if (needed > 0) {
    throw new MotteError('ELF_NEEDED', {
      field: 'DT_NEEDED',
      expected: 'no shared library',
      found: `${needed}`,
    });
  }
  const flagged = ((dynamic.get(DT.FLAGS) ?? 0n) & DF.TEXTREL) !== 0n;
  if (flagged || dynamic.get(DT.TEXTREL) !== undefined) {
    throw new MotteError('ELF_TEXTREL', {
      field: flagged ? 'DT_FLAGS' : 'DT_TEXTREL',
      expected: 'no text relocations',
      found: flagged ? 'DF_TEXTREL' : 'DT_TEXTREL',
    });
  }
  return dynamic;
}

/** Refuses a relocation of memory that is not loaded, or that is not writable. */
function checkTarget({ address, offset, type }: Relocation, loads: readonly Segment[]): void {
  const segment = findLoad(loads, address, 8n);
  if (segment === undefined) {
    throw new MotteError('ELF_RELOCATION', {
      field: `${relocationName(type)}.r_offset`,
      expected: '8 bytes of one PT_LOAD',
      found: address,
      offset,
    });
  }
  if ((segment.flags & PF.W) === 0) {
    throw new MotteError('ELF_TEXTREL', {
      field: `${relocationName(type)}.r_offset`,
      expected: 'an address in a writable PT_LOAD',
      found: `0x${address.toString(16)} in ${segmentName(segment)}, ${permissionText(segment)}`,
      offset,
    });
  }
}

/** Gives every relocation that changes something to `visit`, after it has been seen to change what it may. */
export function visitRelocations(
  elf: Elf,
  dynamic: Dynamic | undefined,
  visit: (relocation: Relocation) => void,
): void {
  if (dynamic === undefined) return;
  const loads = loadSegments(elf);
  for (const relocation of readRelocations(elf, dynamic)) {
    if (relocation.type === R_X86_64.NONE) continue;
    checkTarget(relocation, loads);
    visit(relocation);
  }
}

/** The range of addresses that the segments take, in whole pages. */
export function imageRange(loads: readonly Segment[]): { start: bigint; end: bigint } {
  const first = loads[0] as Segment;
  const last = loads.at(-1) as Segment;
  return { start: alignDown(first.vaddr, PAGE), end: alignUp(last.vaddr + BigInt(last.memsz), PAGE) };
}
