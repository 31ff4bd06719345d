// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { Layout, Field, LayoutValues } from '@motte/binary/layout';
import { readBytes, sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { NHDR } from '@motte/elf/layouts';
import { readNotes } from '@motte/elf/notes';
import { findSection, sectionSource } from '@motte/elf/sections';
import type { Elf } from '@motte/elf/types';
import type { Patch } from '../../sources.js';
import { ELRANGE, ENTRY, GROUP, GROUP_BIT, METADATA, METADATA_MAGIC, PATCH } from './layouts.js';
import type { ELRANGE_FIELDS, ENTRY_FIELDS, GROUP_FIELDS, METADATA_FIELDS } from './layouts.js';

/** A row of the layout table. */
export type LayoutEntry = LayoutValues<typeof ENTRY_FIELDS>;

/** A row of the layout table as it stands there, at an offset of the file. */
export type LayoutRow = { readonly at: number } & (
  | { readonly group: false; readonly entry: LayoutEntry }
  | { readonly group: true; readonly repeat: LayoutValues<typeof GROUP_FIELDS> }
);

/** A metadata block. A file may have several, for loaders of different age; the first is the one to use. */
export interface SdkMetadata {
  readonly head: LayoutValues<typeof METADATA_FIELDS>;
  /** Offset of the block in the note's descriptor. */
  readonly offset: number;
  /** The whole block, which content offsets are relative to. */
  readonly block: ByteSource;
  /** Offset of the block in the file. */
  readonly fileOffset: number;
  readonly patches: readonly Patch[];
  readonly layout: readonly LayoutRow[];
  /** The image lies in it. */
  readonly elrange: LayoutValues<typeof ELRANGE_FIELDS> | undefined;
}

/** The note that `sgx_sign` fills in. */
export const SDK_SECTION = '.note.sgxmeta';
const NOTE_NAME = 'sgx_metadata';
const NOTE_TYPE = 1;

/** Most bytes of a block: 4096 rows of each table are far more than any signer writes. */
const BLOCK_LIMIT = 1 << 20;

function bad(field: string, expected: string, found: string | number | bigint, offset: number): MotteError {
  return new MotteError('SDK_METADATA', { field, expected, found, offset });
}

/** A block as it was read. */
interface Block {
  readonly head: SdkMetadata['head'];
  readonly bytes: Uint8Array;
  /** Where it stands in the file. */
  readonly base: number;
}

/**
 * The rows of one of the block's tables, each of the table's size, and where each stands in the block. Intel's loader
 * never looks at what a row reserves, and Intel's signer, which clears the block before it fills it in, leaves zeros
 * there (linux-sgx 90873a0, manage_metadata.cpp): other bytes are no signer's.
 */
function rows<F extends readonly Field[]>(
  table: Layout<F>,
  name: 'patches' | 'layout' | 'elrange',
  { head, bytes: block, base }: Block,
): { values: LayoutValues<F>; at: number }[] {
  const field = `${table.name} directory`;
  const [offset, size] = [head[`${name}_offset`], head[`${name}_size`]];
  const at = base + METADATA.offsetOf(`${name}_size`);
  if (size % table.size !== 0) throw bad(field, `a multiple of ${table.size} bytes`, size, at);
  if (offset + size > block.length) {
    const found = `0x${offset.toString(16)} + ${size}`;
    throw bad(field, `rows within the block of ${block.length} bytes`, found, at);
  }
  return Array.from({ length: size / table.size }, (_, i) => {
    const from = offset + i * table.size;
    return { values: table.readStrict(block, from, base), at: from };
  });
}

function readPatches(block: Block, fileSize: number): Patch[] {
  const { bytes, base } = block;
  return rows(PATCH, 'patches', block).map(({ values, at }) => {
    const { destination, source, size } = values;
    if (source + size > bytes.length) throw bad('PATCH.source', 'bytes within the block', source, base + at);
    if (destination + BigInt(size) > BigInt(fileSize))
      throw bad('PATCH.destination', 'bytes within the file', destination, base + at);
    return { at: Number(destination), bytes: bytes.subarray(source, source + size) };
  });
}

function readLayout(block: Block): LayoutRow[] {
  const { bytes, base } = block;
  return rows(ENTRY, 'layout', block).map(({ values: entry, at }) =>
    (entry.id & GROUP_BIT) === 0
      ? { at: base + at, group: false, entry }
      : { at: base + at, group: true, repeat: GROUP.readStrict(bytes, at, base) },
  );
}

function readElrange(block: Block): SdkMetadata['elrange'] {
  const { head, base } = block;
  if (head.version_major <= 10) return undefined;
  const [record, ...more] = rows(ELRANGE, 'elrange', block);
  const at = base + METADATA.offsetOf('elrange_size');
  if (record === undefined || more.length > 0)
    throw bad('ELRANGE directory', 'one record, as the version says', head.elrange_size, at);
  const { image_address: image, start } = record.values;
  if (image < start)
    throw bad('ELRANGE.image_address', `at least 0x${start.toString(16)}`, image, base + record.at);
  return record.values;
}

/**
 * Whether a block begins at `offset`. What follows the last one is filler, which Intel makes of zeros, spaces
 * and remains.
 */
function blockFollows(descriptor: ByteSource, offset: number): boolean {
  if (offset + METADATA.size > descriptor.size) return false;
  return METADATA.read(readBytes(descriptor, offset, METADATA.size)).magic === METADATA_MAGIC;
}

function readBlock(
  descriptor: ByteSource,
  offset: number,
  fileOffset: number,
  fileSize: number,
): SdkMetadata {
  const left = descriptor.size - offset;
  if (left < METADATA.size) throw bad('METADATA', `${METADATA.size} bytes`, left, fileOffset);
  const head = METADATA.read(readBytes(descriptor, offset, METADATA.size));
  if (head.magic !== METADATA_MAGIC)
    throw bad('METADATA.magic', `0x${METADATA_MAGIC.toString(16)}`, head.magic, fileOffset);
  if (head.size < METADATA.size || head.size > left || head.size > BLOCK_LIMIT) {
    const at = fileOffset + METADATA.offsetOf('size');
    throw bad('METADATA.size', `${METADATA.size} to ${Math.min(left, BLOCK_LIMIT)} bytes`, head.size, at);
  }
  const block: Block = { head, bytes: readBytes(descriptor, offset, head.size), base: fileOffset };
  return {
    head,
    offset,
    block: sliceSource(descriptor, offset, head.size),
    fileOffset,
    patches: readPatches(block, fileSize),
    layout: readLayout(block),
    elrange: readElrange(block),
  };
}

/**
 * The metadata blocks of an enclave of the Intel SGX SDK, the one to use first. Throws SDK_METADATA, for an
 * unsigned enclave too: it has no blocks.
 */
export function readSdkMetadata(elf: Elf): SdkMetadata[] {
  const section = findSection(elf, SDK_SECTION);
  if (section === undefined) throw bad(SDK_SECTION, 'such a section', 'none', elf.header.shoff);
  const contents = sectionSource(elf, section);
  // The first note alone: its descriptor has an odd offset, and linkers round the section up after it.
  const { value: note } = readNotes(contents, 'none').next();
  if (note?.name !== NOTE_NAME || note.type !== NOTE_TYPE) {
    throw bad(SDK_SECTION, `a note ${NOTE_NAME}`, note === undefined ? 'none' : note.name, section.offset);
  }
  const { descriptor } = note;
  const start = NHDR.size + NOTE_NAME.length + 1;
  const base = section.offset + start;
  const blocks: SdkMetadata[] = [];
  let offset = 0;
  do {
    const block = readBlock(descriptor, offset, base + offset, elf.source.size);
    blocks.push(block);
    offset += block.head.size;
  } while (blockFollows(descriptor, offset));
  return blocks;
}
