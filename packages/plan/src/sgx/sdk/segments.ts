// SPDX-License-Identifier: Apache-2.0
import { alignDown, alignUp, PAGE_SIZE } from '@motte/binary/range';
import { DT, R_X86_64 } from '@motte/elf/constants';
import { readDynamic } from '@motte/elf/dynamic';
import { readRelocations } from '@motte/elf/relocations';
import { loadSegments } from '@motte/elf/segments';
import type { Elf, Segment } from '@motte/elf/types';
import type { PageRun } from '../../plan.js';
import { segmentRun } from '../../segment-run.js';
import { NO_BYTES } from '../../sources.js';
import type { Patch } from '../../sources.js';
import { splitRun } from '../../sub-run.js';

const PAGE = BigInt(PAGE_SIZE);
const RELOCATED_BYTES = 8n;
const WRITABLE = 1;
const PATCHED = 2;

/** Whether an enclave declares text relocations: its pages with relocations must then be writable. */
export function hasTextRelocations(elf: Elf): boolean {
  return readDynamic(elf)?.get(DT.TEXTREL) !== undefined;
}

/** Addresses of the pages that relocations change, when the enclave declares text relocations. */
function relocatedPages(elf: Elf): ReadonlySet<bigint> {
  const pages = new Set<bigint>();
  if (!hasTextRelocations(elf)) return pages;
  for (const { table, type, address } of readRelocations(elf)) {
    if (table === 'RELR' || type === R_X86_64.NONE) continue;
    pages.add(alignDown(address, PAGE));
    pages.add(alignDown(address + RELOCATED_BYTES - 1n, PAGE));
  }
  return pages;
}

/**
 * The zero page that loaders of metadata 1.3 added after a segment: they rounded its size before they added
 * its address.
 */
function extraPage(run: PageRun, segment: Segment, next: Segment | undefined, base: bigint): PageRun[] {
  const end = alignUp(segment.vaddr + BigInt(segment.memsz), PAGE);
  const oldEnd = alignUp(segment.vaddr + alignUp(BigInt(segment.memsz), PAGE), PAGE);
  const taken = next !== undefined && alignDown(next.vaddr, PAGE) === end;
  if (oldEnd <= end || taken) return [];
  const section = `${run.source.section}, page of metadata 1.3`;
  const source = { file: run.source.file, section, offset: segment.offset + segment.filesz };
  return [{ ...run, address: base + end, pages: 1, bytes: NO_BYTES, source }];
}

/** What decides how the segments of an enclave become pages. */
export interface SdkSegments {
  /** The enclave with its patches applied. */
  readonly elf: Elf;
  /** The file's name. */
  readonly file: string;
  readonly patches: readonly Patch[];
  /** Added to every address: where the image begins in the ELRANGE. */
  readonly base: bigint;
  /** Metadata 1.3 has a page more after some segments. */
  readonly extraPages: boolean;
}

/**
 * The segments of an enclave of the Intel SGX SDK, all of whose pages are measured. Pages that the signer
 * patched become runs of their own, which a written plan carries, because the file has other bytes there.
 */
export function sdkSegments({ elf, file, patches, base, extraPages }: SdkSegments): PageRun[] {
  const relocated = relocatedPages(elf);
  const loads = loadSegments(elf).filter(({ memsz }) => memsz > 0);
  return loads.flatMap((segment, i) => {
    const run = segmentRun(file, elf.source, segment, base);
    const start = alignDown(segment.vaddr, PAGE);
    const fileStart = segment.offset - Number(segment.vaddr - start);
    const backed = Math.ceil(run.bytes.size / PAGE_SIZE);
    const mark = (page: number): number => {
      if (page >= backed) return 0;
      const from = Math.max(fileStart + page * PAGE_SIZE, segment.offset);
      const to = Math.min(fileStart + (page + 1) * PAGE_SIZE, segment.offset + segment.filesz);
      const patched = patches.some(({ at, bytes }) => at < to && at + bytes.length > from);
      const writable = relocated.has(start + BigInt(page) * PAGE);
      return (patched ? PATCHED : 0) + (writable && !run.permissions.write ? WRITABLE : 0);
    };
    const parts = splitRun(run, mark, (part, value) => ({
      ...part,
      permissions: (value & WRITABLE) === 0 ? part.permissions : { ...part.permissions, write: true },
      source:
        (value & PATCHED) === 0
          ? part.source
          : { ...part.source, section: `${part.source.section}, patched`, inline: true },
    }));
    return extraPages ? [...parts, ...extraPage(run, segment, loads[i + 1], base)] : parts;
  });
}
