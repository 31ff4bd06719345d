// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { PF, PT, R_X86_64 } from './constants.js';
import { PHDR } from './layouts.js';
import { relocationName } from './relocations.js';
import type { Relocation } from './relocations.js';
import { segmentName, singleSegment } from './segments.js';
import { readSites } from './sites.js';
import type { Site } from './sites.js';
import {
  checkDynamic,
  checkEntry,
  checkKind,
  checkLoads,
  visitRelocations,
  imageRange,
} from './static-pie.js';
import type { Elf, Segment } from './types.js';

/** A shim: a static PIE that relocates itself with R_X86_64_RELATIVE alone. */
export interface Shim {
  readonly elf: Elf;
  /** The PT_LOADs with memory, ascending, each from a page boundary on, the first at 0. */
  readonly loads: readonly Segment[];
  /** First address after the last page. */
  readonly end: bigint;
  readonly entry: bigint;
  /** Number of R_X86_64_RELATIVE. */
  readonly relocations: number;
  /** The instructions that emulation may patch, ascending. */
  readonly sites: readonly Site[];
}

function checkRelocation({ table, type, addend, offset }: Relocation, end: bigint): void {
  const found = table === 'RELR' ? 'DT_RELR' : relocationName(type);
  if (found !== 'R_X86_64_RELATIVE' || table !== 'RELA') {
    const expected = 'R_X86_64_RELATIVE in DT_RELA alone';
    throw new MotteError('ELF_SHIM_RELOCATION', { field: table, expected, found, offset });
  }
  if (addend === undefined || addend < 0n || addend > end) {
    throw new MotteError('ELF_SHIM_RELOCATION', {
      field: `${relocationName(R_X86_64.RELATIVE)}.r_addend`,
      expected: `an address within the shim, up to 0x${end.toString(16)}`,
      found: `${addend ?? 'none'}`,
      offset,
    });
  }
}

/**
 * Checks that `elf` is a shim. Refuses what `checkExec` refuses of a program, and also every relocation but
 * R_X86_64_RELATIVE by its name, thread-local storage, a first PT_LOAD that is not at 0 and a PT_LOAD that does
 * not start on a page.
 */
export function checkShim(elf: Elf): Shim {
  checkKind(elf);
  const loads = checkLoads(elf);
  checkEntry(elf);
  const tls = singleSegment(elf, PT.TLS);
  if (tls !== undefined) {
    const offset = elf.header.phoff + tls.index * PHDR.size;
    throw new MotteError('ELF_SHIM_TLS', { field: segmentName(tls), expected: 'none', found: 'one', offset });
  }
  loads.forEach((load, i) => {
    if (i === 0 ? load.vaddr !== 0n : load.vaddr % BigInt(PAGE_SIZE) !== 0n) {
      throw new MotteError('ELF_SHIM_BASE', {
        field: `${segmentName(load)}.p_vaddr`,
        expected: i === 0 ? '0' : `a multiple of ${PAGE_SIZE}`,
        found: load.vaddr,
        offset: elf.header.phoff + load.index * PHDR.size + PHDR.offsetOf('p_vaddr'),
      });
    }
  });
  const { end } = imageRange(loads);
  let relocations = 0;
  visitRelocations(elf, checkDynamic(elf), (relocation) => {
    checkRelocation(relocation, end);
    relocations++;
  });
  const code = loads.filter((load) => (load.flags & PF.X) !== 0);
  return { elf, loads, end, entry: elf.header.entry, relocations, sites: readSites(elf, code) };
}
