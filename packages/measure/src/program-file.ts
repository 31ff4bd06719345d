// SPDX-License-Identifier: Apache-2.0
// The Keep's own program as a file of its image: what /proc/self/exe leads to.
import { MotteError } from '@motte/binary/error';
import { readBytes } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { CHUNK_BYTES, DIGEST_BYTES } from '@motte/config/file-index-layout';
import type { IndexEntry } from '@motte/config/file-index';
import type { FileIndex } from '@motte/config/image-files';
import { PROGRAM_PATH } from '@motte/config/image-rules';
import { sha256 } from './hash.js';

function isFile(entry: IndexEntry, exec: ByteSource): boolean {
  if (entry.kind !== 'file' || entry.size !== exec.size) return false;
  for (let at = 0, i = 0; at < exec.size; at += CHUNK_BYTES, i += DIGEST_BYTES) {
    const chunk = sha256(readBytes(exec, at, Math.min(CHUNK_BYTES, exec.size - at)));
    if (chunk.some((byte, k) => byte !== entry.digests[i + k])) return false;
  }
  return true;
}

/** Whether the file at `/exec`, if the image has one, is the program, byte for byte. Throws FILE_INDEX. */
export function checkProgramFile(exec: ByteSource, index: FileIndex | undefined): void {
  const entry = index?.entries.find(({ path }) => path === PROGRAM_PATH);
  if (entry === undefined || isFile(entry, exec)) return;
  const found = entry.kind === 'file' ? 'another file' : entry.kind;
  throw new MotteError('FILE_INDEX', { field: PROGRAM_PATH, expected: "the Keep's own program", found });
}
