// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { hex64 } from '@motte/binary/hex';
import { PAGE_SIZE } from '@motte/binary/range';
import { TCS } from '@motte/binary/sgx/tcs';
import { readBytes, sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { MADE_FILE } from '../../plan.js';
import type { PageRun } from '../../plan.js';
import { fillSource, NO_BYTES, trimmedSource } from '../../sources.js';
import { parseSecinfoFlags } from '../secinfo-flags.js';
import { ENTRY_ATTRIBUTES } from './layouts.js';
import type { LayoutEntry, SdkMetadata } from './metadata.js';

/**
 * Most rows when groups are written out, and most TCS pages of a row: those of 8192 threads. A file of 9 KB could
 * ask for a million of them, which took 1.7 GiB by a group and 0.9 GiB by a row.
 */
export const MOST_ROWS: number = 1 << 16;

/** A row of the table and its offset in the file. */
interface PlacedEntry extends LayoutEntry {
  readonly at: number;
}

function bad(field: string, expected: string, found: string | number | bigint, offset: number): MotteError {
  return new MotteError('SDK_LAYOUT', { field, expected, found, offset });
}

/** The layout table with its groups written out. */
export function expandLayout(metadata: SdkMetadata): PlacedEntry[] {
  const out: PlacedEntry[] = [];
  metadata.layout.forEach((row, index) => {
    if (!row.group) {
      out.push({ ...row.entry, at: row.at });
      return;
    }
    const { at } = row;
    const { entry_count: count, load_times: times, step } = row.repeat;
    const group = metadata.layout.slice(index - Math.min(count, index), index);
    if (group.length !== count)
      throw bad(`layout[${index}].entry_count`, `at most ${index} rows before it`, count, at);
    if (out.length + count * times > MOST_ROWS) {
      throw bad(`layout[${index}].load_times`, `at most ${MOST_ROWS} rows in all`, times, at);
    }
    for (let time = 1n; time <= BigInt(times); time++) {
      for (const inner of group) {
        if (inner.group) throw bad(`layout[${index}]`, 'a group of plain rows', 'a group of groups', at);
        out.push({ ...inner.entry, at: inner.at, rva: BigInt.asUintN(64, inner.entry.rva + time * step) });
      }
    }
  });
  return out;
}

/** The content of an entry in its block, where the block has it. */
function content({ block }: SdkMetadata, entry: PlacedEntry, where: string): ByteSource {
  const { content_offset: offset, content_size: size } = entry;
  if (offset + size > block.size || size > entry.page_count * PAGE_SIZE) {
    const expected = 'content within the block and the pages of its row';
    throw bad(`${where}.content_size`, expected, size, entry.at);
  }
  return sliceSource(block, offset, size);
}

/** A TCS from the template in the metadata, its offsets made relative to the enclave instead of to itself. */
function tcsSource(template: ByteSource, rva: bigint): ByteSource {
  const page = new Uint8Array(TCS.size);
  page.set(readBytes(template, 0, template.size));
  const view = new DataView(page.buffer);
  for (const field of ['ossa', 'ofsbase', 'ogsbase'] as const) {
    const at = TCS.offsetOf(field);
    view.setBigUint64(at, BigInt.asUintN(64, view.getBigUint64(at, true) + rva), true);
  }
  return trimmedSource(page);
}

/** The 32-bit number that fills the pages of an entry without content. */
function pattern(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** The runs of one row: none for guard pages and for memory that is added later. */
export function entryRuns(metadata: SdkMetadata, entry: PlacedEntry, file: string, base: bigint): PageRun[] {
  const { attributes, page_count: pages, content_offset: offset, content_size: size, rva } = entry;
  const where = `layout entry 0x${entry.id.toString(16)}`;
  if ((attributes & ENTRY_ATTRIBUTES.EADD) === 0 || entry.si_flags === 0n || pages === 0) return [];
  const known = parseSecinfoFlags(entry.si_flags);
  if (known === undefined)
    throw bad(`${where}.si_flags`, 'TCS (0x100) or REG (0x201-0x207)', entry.si_flags, entry.at);
  const extend = (attributes & ENTRY_ATTRIBUTES.EEXTEND) !== 0;
  const made = { file: MADE_FILE, section: `${where} at ${hex64(rva)}`, offset: 0 } as const;
  const run = { ...known, address: base + rva, pages, measured: extend };
  if (offset === 0) {
    if (size === 0) return [{ ...run, bytes: NO_BYTES, source: made }];
    const bytes = fillSource(pattern(size), pages * PAGE_SIZE);
    return [{ ...run, bytes, source: { ...made, inline: true } }];
  }
  if (known.kind === 'tcs') {
    if (pages > MOST_ROWS)
      throw bad(`${where}.page_count`, `at most ${MOST_ROWS} TCS pages`, pages, entry.at);
    const bytes = tcsSource(content(metadata, { ...entry, page_count: 1 }, where), rva);
    return Array.from({ length: pages }, (_, i) => ({
      ...run,
      address: run.address + BigInt(i * PAGE_SIZE),
      pages: 1,
      bytes,
      source: { ...made, inline: true },
    }));
  }
  const bytes = content(metadata, entry, where);
  const source = { file, section: made.section, offset: metadata.fileOffset + offset };
  return [{ ...run, measured: true, bytes, source }];
}
