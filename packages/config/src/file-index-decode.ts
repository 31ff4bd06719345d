// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import {
  DIGEST_BYTES,
  FILE_ENTRY,
  FILE_INDEX,
  INDEX_MAGIC,
  INDEX_MAX,
  INDEX_MODES,
  INDEX_VERSION,
} from './file-index-layout.js';
import { checkEntries, chunksOf, contentsOf } from './file-index.js';
import type { IndexEntry } from './file-index.js';

function refuse(
  field: string,
  expected: string | number | bigint,
  found: string | number | bigint,
  offset: number,
): MotteError {
  return new MotteError('FILE_INDEX', { field, expected, found, offset });
}

function textOf(bytes: Uint8Array, field: string, offset: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new MotteError('FILE_INDEX', { field, expected: 'UTF-8', offset, cause });
  }
}

/** An entry, and where the next one begins. */
function readEntry(bytes: Uint8Array, at: number): [IndexEntry, number] {
  if (bytes.length - at < FILE_ENTRY.size)
    throw refuse('FILE_ENTRY', `${FILE_ENTRY.size} bytes`, bytes.length - at, at);
  const { size: wide, mode, path_length: length } = FILE_ENTRY.readStrict(bytes, at);
  if (wide > BigInt(Number.MAX_SAFE_INTEGER))
    throw refuse('FILE_ENTRY.size', `at most ${Number.MAX_SAFE_INTEGER}`, wide, at);
  const size = Number(wide);
  const start = at + FILE_ENTRY.size;
  const textLength = mode === INDEX_MODES.LINK ? size : 0;
  const stop = start + length + textLength;
  const padded = start + Math.ceil((length + textLength) / 8) * 8;
  const isFile = mode === INDEX_MODES.FILE || mode === INDEX_MODES.PROGRAM;
  const end = padded + (isFile ? DIGEST_BYTES * chunksOf(size) : 0);
  if (end > bytes.length) throw refuse('FILE_ENTRY', `${end - at} bytes`, bytes.length - at, at);
  const stray = bytes.subarray(stop, padded).findIndex((byte) => byte !== 0);
  if (stray >= 0) throw refuse('padding', 'zero', bytes[stop + stray] ?? 0, stop + stray);
  const path = textOf(bytes.subarray(start, start + length), 'path', start);
  if (isFile) {
    const executable = mode === INDEX_MODES.PROGRAM;
    return [{ kind: 'file', path, executable, size, digests: bytes.slice(padded, end) }, end];
  }
  if (mode === INDEX_MODES.LINK)
    return [{ kind: 'link', path, text: textOf(bytes.subarray(start + length, stop), path, start) }, end];
  if (mode === INDEX_MODES.DIRECTORY && size === 0) return [{ kind: 'directory', path }, end];
  throw refuse('FILE_ENTRY.mode', 'a known mode; a directory of no size', mode, at);
}

/**
 * What a file index says, ascending by path. Strict: `encodeIndex(decodeIndex(bytes))` is `bytes` for every index that is
 * accepted. Throws FILE_INDEX, or STRUCT_RESERVED. Digests are copies.
 */
export function decodeIndex(bytes: Uint8Array): IndexEntry[] {
  if (bytes.length < FILE_INDEX.size || bytes.length > INDEX_MAX)
    throw refuse('file index', `${FILE_INDEX.size} to ${INDEX_MAX} bytes`, bytes.length, 0);
  const header = FILE_INDEX.readStrict(bytes);
  const must = (name: 'magic' | 'version' | 'length' | 'entries' | 'contents', is: number | bigint): void => {
    const found = header[name];
    if (found !== is) throw refuse(`FILE_INDEX.${name}`, is, found, FILE_INDEX.offsetOf(name));
  };
  must('magic', INDEX_MAGIC);
  must('version', INDEX_VERSION);
  must('length', bytes.length);
  const entries: IndexEntry[] = [];
  for (let at: number = FILE_INDEX.size; at < bytes.length;) {
    const [entry, next] = readEntry(bytes, at);
    entries.push(entry);
    at = next;
  }
  must('entries', entries.length);
  must('contents', BigInt(entries.reduce((sum, entry) => sum + contentsOf(entry), 0)));
  checkEntries(entries);
  return entries;
}
