// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PT } from './constants.js';
import { EHDR, PHDR } from './layouts.js';
import { relocationCounter } from './relocations.js';
import type { RelocationCount } from './relocations.js';
import { loadSegments, singleSegment } from './segments.js';
import {
  checkDynamic,
  checkEntry,
  checkKind,
  checkLoaded,
  checkLoads,
  visitRelocations,
  imageRange,
} from './static-pie.js';
import type { Elf, Segment } from './types.js';

/** A program that a Keep can run: a static PIE for x86-64. All addresses are those of the file, from 0 on. */
export interface Exec {
  readonly elf: Elf;
  /** The PT_LOADs with memory, ascending, no two on one page. */
  readonly loads: readonly Segment[];
  /** First address of the first page. */
  readonly start: bigint;
  /** First address after the last page. */
  readonly end: bigint;
  readonly entry: bigint;
  /** Where the program headers lie in memory, for AT_PHDR, and how many they are. */
  readonly phdr: { readonly address: bigint; readonly count: number };
  /** What its start code makes read-only. */
  readonly relro: { readonly address: bigint; readonly size: number } | undefined;
  readonly tls: Segment | undefined;
  /** What its start code relocates; listed, never applied by Motte. */
  readonly relocations: readonly RelocationCount[];
}

function programHeaders(elf: Elf): Exec['phdr'] {
  const { phoff, phnum } = elf.header;
  const own = singleSegment(elf, PT.PHDR);
  if (own !== undefined) {
    checkLoaded(elf, own);
    if (own.offset !== phoff || own.filesz !== phnum * PHDR.size) {
      throw new MotteError('ELF_NOT_LOADED', {
        field: 'PT_PHDR',
        expected: `0x${phoff.toString(16)} + 0x${(phnum * PHDR.size).toString(16)}, as e_phoff says`,
        found: `0x${own.offset.toString(16)} + 0x${own.filesz.toString(16)}`,
        offset: EHDR.offsetOf('e_phoff'),
      });
    }
    return { address: own.vaddr, count: phnum };
  }
  const cover = loadSegments(elf).find(
    ({ offset, filesz }) => phoff >= offset && phoff + phnum * PHDR.size <= offset + filesz,
  );
  if (cover === undefined) {
    throw new MotteError('ELF_NOT_LOADED', {
      field: 'e_phoff',
      expected: 'program headers within a PT_LOAD',
      found: phoff,
      offset: EHDR.offsetOf('e_phoff'),
    });
  }
  return { address: cover.vaddr + BigInt(phoff - cover.offset), count: phnum };
}

/**
 * Checks that `elf` is a program that a Keep can run, and says what its loading needs. Refuses, each with its own
 * code: another machine, ET_EXEC, PT_INTERP, DT_NEEDED, text relocations, W+X, an executable stack, nothing to
 * load, alignments that pages cannot have, an entry that is not code, program headers that are not in memory.
 */
export function checkExec(elf: Elf): Exec {
  checkKind(elf);
  const loads = checkLoads(elf);
  checkEntry(elf);
  const dynamic = checkDynamic(elf);
  const phdr = programHeaders(elf);
  const tls = singleSegment(elf, PT.TLS);
  // Without .tdata a PT_TLS may lie anywhere: it has no bytes in memory.
  if (tls !== undefined && tls.filesz > 0) checkLoaded(elf, tls);
  const relro = singleSegment(elf, PT.GNU_RELRO);
  if (relro !== undefined && relro.memsz > 0) checkLoaded(elf, relro);
  const counter = relocationCounter();
  visitRelocations(elf, dynamic, counter.add);
  return {
    elf,
    loads,
    ...imageRange(loads),
    entry: elf.header.entry,
    phdr,
    relro: relro === undefined ? undefined : { address: relro.vaddr, size: relro.memsz },
    tls,
    relocations: counter.counts(),
  };
}
