// SPDX-License-Identifier: Apache-2.0
// The section `.user` of a VM-based Keep's shim, docs/vm-keep.md: code that ring 3 executes.
import { MotteError } from '@motte/binary/error';
import { PF, SHF } from './constants.js';
import { findSection } from './sections.js';
import { loadAt } from './segments.js';
import type { Shim } from './shim.js';
import type { Segment } from './types.js';

export const USER_SECTION = '.user';

/**
 * The PT_LOAD that holds the section `.user` and nothing else. Throws ELF_SHIM_USER for a shim without one, and for one
 * in which ring 3 would see more than that section.
 */
export function userSegment({ elf }: Pick<Shim, 'elf'>): Segment {
  const section = findSection(elf, USER_SECTION);
  const bad = (expected: string, found: string): MotteError =>
    new MotteError('ELF_SHIM_USER', { field: USER_SECTION, expected, found });
  const segment = section === undefined ? undefined : loadAt(elf, section.addr);
  if (section === undefined || segment === undefined || section.size === 0)
    throw bad('a section of code for ring 3', section === undefined ? 'none' : 'one that is not loaded');
  if ((section.flags & SHF.EXECINSTR) === 0n || segment.flags !== (PF.R | PF.X))
    throw bad('a PT_LOAD that is readable and executable', `p_flags ${segment.flags}`);
  const same = segment.vaddr === section.addr && segment.memsz === section.size;
  if (!same || segment.filesz !== segment.memsz) {
    const found = `0x${segment.memsz.toString(16)} bytes at 0x${segment.vaddr.toString(16)}`;
    throw bad(`a PT_LOAD of its 0x${section.size.toString(16)} bytes alone`, found);
  }
  return segment;
}
