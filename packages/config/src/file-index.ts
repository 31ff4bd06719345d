// SPDX-License-Identifier: Apache-2.0
// The file index: which read-only files a Keep has of its image, and what is in them.
import { MotteError } from '@motte/binary/error';
import {
  CHUNK_BYTES,
  DIGEST_BYTES,
  FILE_ENTRY,
  FILE_INDEX,
  INDEX_ENTRIES,
  INDEX_MAGIC,
  INDEX_MAX,
  INDEX_MODES,
  INDEX_VERSION,
} from './file-index-layout.js';
import { badEntryPlace, foldersOf } from './image-rules.js';
import { isPlainText } from './kind.js';
import { compareBytes, compareTexts } from './order.js';

/** A file. */
export interface IndexFile {
  readonly kind: 'file';
  readonly path: string;
  readonly executable: boolean;
  readonly size: number;
  /** SHA-256 of each chunk of CHUNK_BYTES, one after the other; the last one may be shorter. */
  readonly digests: Uint8Array;
}

/** A symbolic link. */
export interface IndexLink {
  readonly kind: 'link';
  readonly path: string;
  readonly text: string;
}

/** A directory that nothing is in; others are there because something is. */
export interface IndexDirectory {
  readonly kind: 'directory';
  readonly path: string;
}

export type IndexEntry = IndexFile | IndexLink | IndexDirectory;

/** Bytes of a link's text: Linux's PATH_MAX without a NUL. */
const MOST_LINK = 4095;

/** How many digests a file of `size` bytes has. */
export function chunksOf(size: number): number {
  return Math.ceil(size / CHUNK_BYTES);
}

/** Bytes of contents that come with an entry. */
export function contentsOf(entry: IndexEntry): number {
  return entry.kind === 'file' ? entry.size : 0;
}

function modeOf(entry: IndexEntry): number {
  if (entry.kind === 'link') return INDEX_MODES.LINK;
  if (entry.kind === 'directory') return INDEX_MODES.DIRECTORY;
  return entry.executable ? INDEX_MODES.PROGRAM : INDEX_MODES.FILE;
}

function refuse(path: string, expected: string, found?: string | number): MotteError {
  return new MotteError('FILE_INDEX', {
    field: path,
    expected,
    ...(found === undefined ? {} : { found }),
  });
}

function checkEntry(entry: IndexEntry): void {
  const place = badEntryPlace(entry.path);
  if (place !== undefined) throw refuse(entry.path, place);
  if (entry.kind === 'link') {
    const bytes = new TextEncoder().encode(entry.text).length;
    if (bytes < 1 || bytes > MOST_LINK || !isPlainText(entry.text))
      throw refuse(entry.path, `a link of 1 to ${MOST_LINK} bytes of Unicode`, bytes);
  }
  if (entry.kind === 'file' && entry.digests.length !== DIGEST_BYTES * chunksOf(entry.size))
    throw refuse(entry.path, `${chunksOf(entry.size)} digests`, entry.digests.length / DIGEST_BYTES);
}

/** Entries that there can be: ascending by the bytes of their paths, none within another. Throws FILE_INDEX. */
export function checkEntries(entries: readonly IndexEntry[]): void {
  if (entries.length < 1 || entries.length > INDEX_ENTRIES)
    throw refuse('entries', `1 to ${INDEX_ENTRIES} files`, entries.length);
  const paths = new Set<string>();
  let before: string | undefined;
  for (const entry of entries) {
    checkEntry(entry);
    if (before !== undefined && compareTexts(before, entry.path) >= 0)
      throw refuse(entry.path, `more than ${JSON.stringify(before)}, each path once`);
    before = entry.path;
    paths.add(entry.path);
  }
  for (const { path } of entries) {
    const around = foldersOf(path).find((folder) => paths.has(folder));
    if (around !== undefined) throw refuse(path, `a path that is not within ${around}`);
  }
}

function encodeEntry(entry: IndexEntry): Uint8Array {
  const encoder = new TextEncoder();
  const path = encoder.encode(entry.path);
  const text = encoder.encode(entry.kind === 'link' ? entry.text : '');
  const digests = entry.kind === 'file' ? entry.digests : new Uint8Array(0);
  const start = FILE_ENTRY.size + Math.ceil((path.length + text.length) / 8) * 8;
  const out = new Uint8Array(start + digests.length);
  const size = BigInt(entry.kind === 'file' ? entry.size : text.length);
  out.set(FILE_ENTRY.write({ size, mode: modeOf(entry), path_length: path.length }));
  out.set(path, FILE_ENTRY.size);
  out.set(text, FILE_ENTRY.size + path.length);
  out.set(digests, start);
  return out;
}

/** The one encoding of `entries`, in whatever order they come. Throws FILE_INDEX. The caller owns it. */
export function encodeIndex(entries: readonly IndexEntry[]): Uint8Array {
  const encoder = new TextEncoder();
  const sorted = entries
    .map((entry) => ({ entry, key: encoder.encode(entry.path) }))
    .sort((a, b) => compareBytes(a.key, b.key))
    .map(({ entry }) => entry);
  checkEntries(sorted);
  const parts = sorted.map(encodeEntry);
  const length = parts.reduce((sum, part) => sum + part.length, FILE_INDEX.size);
  if (length > INDEX_MAX) throw refuse('file index', `at most ${INDEX_MAX} bytes`, length);
  const contents = BigInt(sorted.reduce((sum, entry) => sum + contentsOf(entry), 0));
  const out = new Uint8Array(length);
  out.set(
    FILE_INDEX.write({ magic: INDEX_MAGIC, version: INDEX_VERSION, length, entries: parts.length, contents }),
  );
  let at: number = FILE_INDEX.size;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
