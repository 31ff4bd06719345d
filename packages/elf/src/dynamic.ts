// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toSafeNumber } from '@motte/binary/range';
import { DT, PT, nameOf } from './constants.js';
import { DYN } from './layouts.js';
import { records } from './records.js';
import { singleSegment } from './segments.js';
import type { Elf } from './types.js';

/** Most entries before DT_NULL; programs have about 30, and each shared library adds one. */
const ENTRY_LIMIT = 4096;

/** Tags that may stand more than once. */
const REPEATED: ReadonlySet<number> = new Set([DT.NEEDED]);

export interface DynamicEntry {
  /** d_tag, see `DT`; an unknown one is kept as it is. */
  readonly tag: number;
  /** d_val or d_ptr. */
  readonly value: bigint;
}

/** What PT_DYNAMIC holds, up to and without DT_NULL. */
export interface Dynamic {
  readonly entries: readonly DynamicEntry[];
  /** The value of a tag; of the first, should it stand more than once. */
  get(tag: number): bigint | undefined;
  /** As `get`, for a length. Throws NUMBER_UNSAFE. */
  length(tag: number): number | undefined;
}

/** `DT_RELA`: how messages call a tag. */
export function tagName(tag: number): string {
  return nameOf('DT', DT, tag);
}

/**
 * The dynamic section, by its segment (not by its section header, which nothing that runs looks at); undefined
 * when the file has none. Throws ELF_DYNAMIC.
 */
export function readDynamic(elf: Elf): Dynamic | undefined {
  const segment = singleSegment(elf, PT.DYNAMIC);
  if (segment === undefined) return undefined;
  if (segment.filesz % DYN.size !== 0) {
    throw new MotteError('ELF_DYNAMIC', {
      field: 'PT_DYNAMIC.p_filesz',
      expected: `a multiple of ${DYN.size}`,
      found: segment.filesz,
      offset: segment.offset,
    });
  }
  const entries: DynamicEntry[] = [];
  const values = new Map<number, bigint>();
  for (const { bytes, at, offset } of records(elf.source, segment.offset, segment.filesz, DYN.size)) {
    const raw = DYN.read(bytes, at);
    const tag = toSafeNumber(raw.d_tag, 'd_tag', offset);
    if (tag === DT.NULL) {
      return {
        entries,
        get: (wanted) => values.get(wanted),
        length: (wanted) => {
          const value = values.get(wanted);
          return value === undefined ? undefined : toSafeNumber(value, tagName(wanted));
        },
      };
    }
    if (values.has(tag) && !REPEATED.has(tag)) {
      throw new MotteError('ELF_DYNAMIC', {
        field: tagName(tag),
        expected: 'it once',
        found: 'it again',
        offset,
      });
    }
    if (entries.length === ENTRY_LIMIT) {
      throw new MotteError('ELF_DYNAMIC', {
        field: 'PT_DYNAMIC',
        expected: `at most ${ENTRY_LIMIT} entries`,
        found: 'more',
        offset,
      });
    }
    if (!values.has(tag)) values.set(tag, raw.d_un);
    entries.push({ tag, value: raw.d_un });
  }
  throw new MotteError('ELF_DYNAMIC', {
    field: 'PT_DYNAMIC',
    expected: 'DT_NULL as the last entry',
    found: 'the end of the segment',
    offset: segment.offset + segment.filesz,
  });
}

/** The bytes of a dynamic section with these entries and DT_NULL after them. */
export function encodeDynamic(entries: readonly DynamicEntry[]): Uint8Array {
  const out = new Uint8Array((entries.length + 1) * DYN.size);
  entries.forEach(({ tag, value }, i) => {
    out.set(DYN.write({ d_tag: BigInt(tag), d_un: value }), i * DYN.size);
  });
  return out;
}
