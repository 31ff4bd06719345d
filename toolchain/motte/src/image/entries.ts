// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { chunksOf } from '@motte/config/file-index';
import type { IndexEntry } from '@motte/config/file-index';
import { sha256 } from '@motte/measure/hash';

/** What `--json` tells of a file of the image. */
export interface EntryText {
  readonly path: string;
  readonly kind: IndexEntry['kind'];
  readonly executable?: boolean;
  readonly size?: number;
  /** Of a file of one chunk or none. */
  readonly sha256?: string;
  /** Of a larger one: SHA-256 over the SHA-256s of its chunks. */
  readonly chunks?: string;
  readonly text?: string;
}

const EMPTY = new Uint8Array(0);

/** An entry of a file index for `--json`. */
export function entryText(entry: IndexEntry): EntryText {
  const { path, kind } = entry;
  if (kind === 'link') return { path, kind, text: entry.text };
  if (kind === 'directory') return { path, kind };
  const { executable, size, digests } = entry;
  if (chunksOf(size) > 1) return { path, kind, executable, size, chunks: toHex(sha256(digests)) };
  return { path, kind, executable, size, sha256: toHex(size === 0 ? sha256(EMPTY) : digests) };
}

/** The same for people. */
export function entryLine(entry: IndexEntry): string {
  const { path, executable, size, sha256: whole, chunks, text } = entryText(entry);
  if (text !== undefined) return `${path} -> ${text}`;
  if (size === undefined) return `${path}/`;
  const digest = whole === undefined ? `chunks ${chunks}` : `sha256 ${whole}`;
  return `${path}, ${size} bytes${executable === true ? ', executable' : ''}, ${digest}`;
}
