// SPDX-License-Identifier: Apache-2.0
// The files of `[[image]]`, read once: hashed, and copied where they are to be served or to become an image, so that
// what was measured is what is used, whoever edits them meanwhile.
import { MotteError } from '@motte/binary/error';
import { sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import { CHUNK_BYTES, DIGEST_BYTES, INDEX_MAX } from '@motte/config/file-index-layout';
import { decodeIndex } from '@motte/config/file-index-decode';
import { encodeIndex } from '@motte/config/file-index';
import type { IndexEntry } from '@motte/config/file-index';
import type { FileIndex } from '@motte/config/image-files';
import type { ImageFiles } from '@motte/config/keep-config';
import { compareTexts } from '@motte/config/order';
import { sha256 } from '@motte/measure/hash';
import { closeSync, constants, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { descriptorSource } from './file-source.js';
import { findSources, sourceError } from './image-sources.js';
import type { Source } from './image-sources.js';

/** What a Keep with files of its image is given of them. */
export interface ServedFiles {
  /** The file index, and the contents of all its files one after the other. */
  readonly index: ByteSource;
  readonly contents: ByteSource;
}

/** An index and, where they were copied, the contents. */
export interface PackedFiles extends FileIndex {
  readonly served?: ServedFiles;
  close(): void;
}

/** A file that nobody else can open, gone when it is closed. */
class Copy {
  readonly fd: number;
  size = 0;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'motte-image-'));
    try {
      this.fd = openSync(join(folder, 'files'), 'wx+', 0o600);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.fd, bytes, done, bytes.length - done, this.size + done);
    this.size += bytes.length;
  }
}

function readFull(fd: number, into: Uint8Array, at: number): number {
  let done = 0;
  while (done < into.length) {
    const got = readSync(fd, into, done, into.length - done, at + done);
    if (got === 0) break;
    done += got;
  }
  return done;
}

/** The entry of a file, read from its start to its end. */
function* readFile(path: string, source: string, copy: Copy | undefined): Steps<IndexEntry> {
  // O_NONBLOCK: a FIFO that has come in its place meanwhile is refused below instead of waited for.
  const fd = openSync(source, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile())
      throw new MotteError('IMAGE_SOURCE', { field: path, expected: 'a regular file', found: source });
    const chunk = new Uint8Array(CHUNK_BYTES);
    const digests: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const part = chunk.subarray(0, readFull(fd, chunk, size));
      if (part.length === 0) break;
      digests.push(sha256(part));
      if (digests.length > INDEX_MAX / DIGEST_BYTES)
        throw new MotteError('IMAGE_SOURCE', { field: path, expected: 'less than 32 GiB', found: source });
      copy?.append(part);
      size += part.length;
      yield;
      if (part.length < CHUNK_BYTES) break;
    }
    const executable = (stats.mode & 0o111) !== 0;
    return { kind: 'file', path, executable, size, digests: new Uint8Array(Buffer.concat(digests)) };
  } finally {
    closeSync(fd);
  }
}

function* entryOf(one: Source, copy: Copy | undefined): Steps<IndexEntry> {
  if (one.kind !== 'file') return one;
  try {
    return yield* readFile(one.path, one.source, copy);
  } catch (cause) {
    throw cause instanceof MotteError ? cause : sourceError(one.path, one.source, cause);
  }
}

/** `packFiles` in steps, each of a chunk. */
export function* packFilesSteps(
  image: readonly ImageFiles[],
  folder: string,
  copied: boolean,
): Steps<PackedFiles> {
  const sources = findSources(image, folder).sort((a, b) => compareTexts(a.path, b.path));
  const copy = copied ? new Copy() : undefined;
  const close = (): void => {
    if (copy !== undefined) closeSync(copy.fd);
  };
  try {
    const entries: IndexEntry[] = [];
    for (const one of sources) entries.push(yield* entryOf(one, copy));
    const bytes = encodeIndex(entries);
    const index = { bytes, sha256: sha256(bytes), entries: decodeIndex(bytes), close };
    if (copy === undefined) return index;
    const length = copy.size;
    copy.append(bytes);
    const all = descriptorSource(copy.fd, 'the copy of the files of the image');
    return {
      ...index,
      served: { index: sliceSource(all, length, bytes.length), contents: sliceSource(all, 0, length) },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** The index of an image that has one, as it came with it: decoded, and not compared with any contents. */
export function indexOf(bytes: Uint8Array): FileIndex {
  return { bytes, sha256: sha256(bytes), entries: decodeIndex(bytes) };
}
