// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { alignDown, alignUp, PAGE_SIZE } from '@motte/binary/range';
import type { ByteSource } from '@motte/binary/source';
import { EM, PT } from '@motte/elf/constants';
import { EHDR, PHDR } from '@motte/elf/layouts';
import { readElf } from '@motte/elf/read';
import { segmentName } from '@motte/elf/segments';
import type { Elf, Segment } from '@motte/elf/types';

const PAGE = BigInt(PAGE_SIZE);
/** Sv39: bits 63 to 39 of an address repeat bit 38. */
const LOW_END = 1n << 38n;
const HIGH_START = (1n << 64n) - LOW_END;

/** A run of pages of which the first `filled` bytes come from a file, and the rest is zero. */
export interface PageRun {
  /** Page aligned. */
  readonly va: bigint;
  readonly pages: number;
  /** Zero bytes in front of the file's, where a segment starts within a page. */
  readonly skip: number;
  readonly source: ByteSource;
  /** Where the bytes stand in `source`. */
  readonly offset: number;
  readonly filled: number;
}

function bad(field: string, expected: string, found: string | bigint | number, offset: number): MotteError {
  return new MotteError('KEYSTONE_FILE', { field, expected, found, offset });
}

/** Reads an ELF file for the 2022 format. Throws KEYSTONE_FILE, or an error of `@motte/elf`. */
export function readKeystoneElf(source: ByteSource, field: 'runtime' | 'eapp'): Elf {
  const elf = readElf(source);
  const { machine } = elf.header;
  if (machine !== EM.RISCV)
    throw bad(`${field}: e_machine`, `${EM.RISCV} (RISC-V)`, machine, EHDR.offsetOf('e_machine'));
  if (!elf.segments.some(({ type }) => type === PT.LOAD))
    throw bad(field, 'a PT_LOAD segment', 'none', elf.header.phoff);
  return elf;
}

function runOf({ source, header }: Elf, segment: Segment, field: string): PageRun | undefined {
  if (segment.memsz === 0) return undefined;
  const va = alignDown(segment.vaddr, PAGE);
  const skip = Number(segment.vaddr - va);
  const end = alignUp(segment.vaddr + BigInt(segment.memsz), PAGE);
  const name = `${field}: ${segmentName(segment)}`;
  const at = header.phoff + segment.index * PHDR.size;
  if (end > LOW_END && va < HIGH_START) throw bad(`${name}.p_vaddr`, 'an address of Sv39', segment.vaddr, at);
  // The SDK copies the file's bytes up to the end of the first page, beyond p_filesz where there are fewer.
  if (skip > 0 && segment.filesz < PAGE_SIZE - skip)
    throw bad(`${name}.p_filesz`, `${PAGE_SIZE - skip}, to the end of its first page`, segment.filesz, at);
  const pages = Number((end - va) / PAGE);
  return { va, pages, skip, source, offset: segment.offset, filled: segment.filesz };
}

/**
 * The pages of a file's segments, in ascending order and each address once: of two segments that share a page
 * the first has it, and the other's bytes are lost, as the SDK does it. Throws KEYSTONE_FILE for segments that
 * descend, which the monitor refuses.
 */
export function segmentPages(elf: Elf, field: 'runtime' | 'eapp'): PageRun[] {
  const runs: PageRun[] = [];
  let next = 0n;
  for (const segment of elf.segments) {
    if (segment.type !== PT.LOAD) continue;
    const run = runOf(elf, segment, field);
    if (run === undefined) continue;
    const shared = runs.length > 0 && run.va === next - PAGE ? 1 : 0;
    if (run.va < next && shared === 0) {
      const at = elf.header.phoff + segment.index * PHDR.size;
      throw bad(`${field}: ${segmentName(segment)}.p_vaddr`, `at least 0x${next.toString(16)}`, run.va, at);
    }
    next = run.va + BigInt(run.pages) * PAGE;
    if (run.pages > shared) runs.push(shared === 0 ? run : withoutFirstPage(run));
  }
  return runs;
}

function withoutFirstPage(run: PageRun): PageRun {
  const used = Math.min(run.filled, PAGE_SIZE - run.skip);
  return {
    ...run,
    va: run.va + PAGE,
    pages: run.pages - 1,
    skip: 0,
    offset: run.offset + used,
    filled: run.filled - used,
  };
}
