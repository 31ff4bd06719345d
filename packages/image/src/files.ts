// SPDX-License-Identifier: Apache-2.0
// The read-only files that an image brings for its Keep: what `[[image]]` of Keep.toml named when it was built.
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import { CHUNK_BYTES, DIGEST_BYTES, INDEX_MAX } from '@motte/config/file-index-layout';
import type { IndexFile } from '@motte/config/file-index';
import type { FileIndex } from '@motte/config/image-files';
import type { KeepConfig } from '@motte/config/keep-config';
import { packFilesSteps, indexOf } from '@motte/loader/keep/image-files';
import type { PackedFiles, ServedFiles } from '@motte/loader/keep/image-files';
import { sha256 } from '@motte/measure/hash';
import { readBytes } from '@motte/binary/source';
import { streamBlob, streamDigest } from './container/stream.js';
import type { KeepManifest } from './manifest/types.js';
import type { Descriptor } from './oci/descriptor.js';
import { digestOf } from './oci/descriptor.js';
import { MEDIA } from './oci/media-types.js';

/** Files that were read for an image that is being built. */
export interface BuiltFiles {
  readonly packed: PackedFiles;
  readonly descriptors: NonNullable<KeepManifest['files']>;
  readonly blobs: readonly (readonly [digest: string, source: ByteSource])[];
}

/** Reads what `[[image]]` names below `folder`; undefined when it names nothing. `packed` is the caller's to close. */
export function* buildFiles({ image }: KeepConfig, folder: string): Steps<BuiltFiles | undefined> {
  if (image.length === 0) return undefined;
  const packed = yield* packFilesSteps(image, folder, true);
  const { index, contents } = packed.served as ServedFiles;
  const indexDigest = digestOf(packed.sha256);
  const contentsDigest = yield* streamDigest(contents);
  return {
    packed,
    descriptors: {
      index: { mediaType: MEDIA.fileIndex, digest: indexDigest, size: index.size },
      contents: { mediaType: MEDIA.fileContents, digest: contentsDigest, size: contents.size },
    },
    blobs: [
      [indexDigest, index],
      [contentsDigest, contents],
    ],
  };
}

/** Files of an image whose contents are those of its index. */
export interface VerifiedFiles {
  readonly index: FileIndex;
  readonly served: ServedFiles;
}

function* checkFile(file: IndexFile, contents: ByteSource, at: number): Steps<void> {
  for (let done = 0; done < file.size; done += CHUNK_BYTES) {
    const found = sha256(readBytes(contents, at + done, Math.min(CHUNK_BYTES, file.size - done)));
    const start = (done / CHUNK_BYTES) * DIGEST_BYTES;
    if (Buffer.compare(found, file.digests.subarray(start, start + DIGEST_BYTES)) !== 0)
      throw new MotteError('IMAGE_FILES', {
        field: file.path,
        expected: 'the contents that its index says',
        found: `others from byte ${done} on`,
      });
    yield;
  }
}

/** Compares all contents with the index, and both with their digests. Throws IMAGE_FILES, IMAGE_BLOB_DIGEST, FILE_INDEX. */
export function* verifyFiles(
  { files }: KeepManifest,
  source: (descriptor: Descriptor) => ByteSource,
): Steps<VerifiedFiles | undefined> {
  if (files === undefined) return undefined;
  const served = { index: source(files.index), contents: source(files.contents) };
  if (served.index.size > INDEX_MAX)
    throw new MotteError('IMAGE_LIMIT', {
      field: 'file index',
      expected: `at most ${INDEX_MAX} bytes`,
      found: served.index.size,
    });
  const index = indexOf(readBytes(served.index, 0, served.index.size));
  const found = digestOf(index.sha256);
  if (found !== files.index.digest)
    throw new MotteError('IMAGE_BLOB_DIGEST', { field: 'file index', expected: files.index.digest, found });
  yield* streamBlob(files.contents.digest, served.contents, 'files');
  let at = 0;
  for (const entry of index.entries) {
    if (entry.kind !== 'file') continue;
    if (entry.size > served.contents.size - at)
      throw new MotteError('IMAGE_FILES', {
        field: entry.path,
        expected: `${entry.size} bytes`,
        found: served.contents.size - at,
      });
    yield* checkFile(entry, served.contents, at);
    at += entry.size;
  }
  if (at !== served.contents.size)
    throw new MotteError('IMAGE_FILES', { field: 'files', expected: at, found: served.contents.size });
  return { index, served };
}
