// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';
import type { Steps } from '@motte/binary/steps';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { TAR_END, tarHeader, tarPadding } from '../tar/write.js';
import { NewFile, besidePath, checkReplaceable, newFolder, placeFile, placeFolder } from './output.js';
import { blobDigest } from './names.js';
import type { FileMap } from './names.js';
import type { ImageFormat } from './open.js';
import { streamBlob, streamDigest } from './stream.js';

/** Copies a file of the image; a blob that is not what its name says, as when somebody changes a source meanwhile, is refused. */
function* copy(name: string, source: ByteSource, to: NewFile): Steps<void> {
  const take = (bytes: Uint8Array): void => to.append(bytes);
  const digest = blobDigest(name);
  if (digest === undefined) yield* streamDigest(source, take);
  else yield* streamBlob(digest, source, name, take);
}

const sorted = (files: FileMap): (readonly [string, ByteSource])[] =>
  [...files].sort(([a], [b]) => (a < b ? -1 : 1));

function* writeTar(path: string, files: FileMap): Steps<void> {
  const file = new NewFile(path);
  try {
    for (const [name, source] of sorted(files)) {
      file.append(tarHeader(name, source.size));
      yield* copy(name, source, file);
      file.append(tarPadding(source.size));
    }
    file.append(TAR_END);
    file.close();
  } finally {
    file.drop();
  }
}

function* writeFolder(path: string, files: FileMap): Steps<void> {
  newFolder(path);
  for (const [name, source] of sorted(files)) {
    const file = new NewFile(join(path, name));
    try {
      yield* copy(name, source, file);
      file.close();
    } finally {
      file.drop();
    }
  }
}

/**
 * Writes an image to `path`: nothing is seen of it there before it is whole, and nothing is left when it is not finished.
 * Throws FILE_EXISTS, OUTPUT_FAILED, IMAGE_BLOB_DIGEST, IMAGE_LIMIT.
 */
export function* writeContainer(path: string, format: ImageFormat, files: FileMap): Steps<void> {
  const temporary = besidePath(path);
  try {
    checkReplaceable(path, format);
    if (format === 'tar') {
      yield* writeTar(temporary, files);
      placeFile(temporary, path);
    } else {
      yield* writeFolder(temporary, files);
      placeFolder(temporary, path);
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
