// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { IndexEntry } from './file-index.js';
import { isBelow } from './grant-rules.js';
import type { KeepConfig } from './keep-config.js';

/** A file index, and its SHA-256: what stands for the image's files in a config blob. */
export interface FileIndex {
  readonly bytes: Uint8Array;
  readonly sha256: Uint8Array;
  readonly entries: readonly IndexEntry[];
}

function refuse(field: string, expected: string, found: string): MotteError {
  return new MotteError('FILE_INDEX', { field, expected, found });
}

/**
 * Whether an index is of the files that `[[image]]` names, and none of them is where something of the host's is granted.
 * Throws FILE_INDEX.
 */
export function checkIndex(config: KeepConfig, index: FileIndex | undefined): void {
  const { image, files } = config;
  const entries = index?.entries ?? [];
  if (image.length === 0 && index !== undefined) throw refuse('file index', 'none without [[image]]', 'one');
  for (const { path } of image)
    if (!entries.some((entry) => isBelow(entry.path, path))) throw refuse(path, 'a file or more', 'none');
  for (const { path, kind } of entries) {
    if (!image.some((one) => isBelow(path, one.path)))
      throw refuse(path, 'a path below one of [[image]]', 'another');
    const grant = files.find(
      (one) => isBelow(path, one.path) || (kind !== 'directory' && isBelow(one.path, path)),
    );
    if (grant !== undefined)
      throw refuse(path, 'a place that [[files]] does not grant', `a grant at ${grant.path}`);
  }
}
