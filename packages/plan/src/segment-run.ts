// SPDX-License-Identifier: Apache-2.0
import { PF } from '@motte/elf/constants';
import { segmentName } from '@motte/elf/segments';
import type { Segment } from '@motte/elf/types';
import { alignDown, PAGE_SIZE } from '@motte/binary/range';
import { sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import type { PageRun, Permissions } from './plan.js';
import { leadSource } from './sources.js';

const PAGE = BigInt(PAGE_SIZE);

/** What p_flags allows. */
export function segmentPermissions({ flags }: Pick<Segment, 'flags'>): Permissions {
  return { read: (flags & PF.R) !== 0, write: (flags & PF.W) !== 0, execute: (flags & PF.X) !== 0 };
}

/**
 * A PT_LOAD as one measured run, `base` added to its addresses. Where it does not begin on a page boundary
 * the page begins with zeros, and not with whatever the file has there (as `mmap` would show it): nobody can
 * say what those bytes are for.
 */
export function segmentRun(file: string, source: ByteSource, segment: Segment, base: bigint): PageRun {
  const start = alignDown(segment.vaddr, PAGE);
  const lead = Number(segment.vaddr - start);
  return {
    address: base + start,
    pages: Math.ceil((lead + segment.memsz) / PAGE_SIZE),
    kind: 'reg',
    permissions: segmentPermissions(segment),
    measured: true,
    bytes: leadSource(lead, sliceSource(source, segment.offset, segment.filesz)),
    source: {
      file,
      section: segmentName(segment),
      offset: segment.offset,
      ...(lead === 0 || segment.filesz === 0 ? {} : { lead }),
    },
  };
}
