// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { readBytes } from '@motte/binary/source';
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TAR_BLOCK } from '../tar/header.js';
import { looksLikeTar, readTar } from '../tar/read.js';
import { OpenFiles } from './files.js';
import { BLOB_FOLDER, MOST_FILES, checkFileName, fileMap } from './names.js';
import type { FileMap } from './names.js';

/** How an image lies on a disk. */
export type ImageFormat = 'tar' | 'dir';

/** The files of an image, open until `close`. What is read later is read from the same files. */
export interface Container {
  readonly path: string;
  readonly format: ImageFormat;
  readonly files: FileMap;
  close(): void;
}

/** The names in a folder of the image, sorted. Throws IMAGE_LAYOUT when it is no folder, or a link to one. */
function namesIn(path: string): string[] {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new MotteError('IMAGE_LAYOUT', { field: path, expected: 'a folder', found: 'none' });
  return readdirSync(path).sort();
}

/** The names of an image's files, in a folder that holds nothing else. */
function fileNames(root: string): string[] {
  const tops = namesIn(root).filter((name) => name !== 'blobs');
  for (const folder of namesIn(join(root, 'blobs'))) {
    if (folder !== 'sha256') checkFileName(`blobs/${folder}/`);
  }
  const blobs = namesIn(join(root, BLOB_FOLDER)).map((name) => `${BLOB_FOLDER}/${name}`);
  if (blobs.length > MOST_FILES)
    throw new MotteError('IMAGE_LIMIT', {
      field: 'files',
      expected: `at most ${MOST_FILES}`,
      found: blobs.length,
    });
  const names = [...tops, ...blobs];
  for (const name of names) checkFileName(name);
  return names;
}

function openFolder(path: string): Container {
  const names = fileNames(path);
  const open = new OpenFiles();
  try {
    const files = fileMap(names.map((name) => [name, open.add(join(path, name), false)]));
    return { path, format: 'dir', files, close: () => open.close() };
  } catch (error) {
    open.close();
    throw error;
  }
}

/** Opens an image, a folder or a tar archive. Throws IMAGE_TAR, IMAGE_LAYOUT, IMAGE_LIMIT; errors of the system pass through. */
export function openContainer(path: string): Container {
  if (statSync(path).isDirectory()) return openFolder(path);
  const open = new OpenFiles();
  try {
    const file = open.add(path);
    if (!looksLikeTar(readBytes(file, 0, Math.min(TAR_BLOCK, file.size)))) {
      throw new MotteError('IMAGE_TAR', {
        field: path,
        expected: 'a Keep image',
        found: 'another kind of file',
      });
    }
    return { path, format: 'tar', files: readTar(file), close: () => open.close() };
  } catch (error) {
    open.close();
    throw error;
  }
}
