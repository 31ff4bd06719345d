// SPDX-License-Identifier: Apache-2.0
import { readBytes } from '@motte/binary/source';
import type { FileKind } from '@motte/plan/file-kind';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openFile } from '../io/file.js';
import { withPath } from '../io/system.js';

/** What a FILE can be to `run`, `plan`, `measure` and `sign`. */
export type InputKind = FileKind | 'image';

/** Where a tar archive says that it is one. */
const MAGIC = { at: 257, text: 'ustar' };

/** Whether a path looks like an IGVM file. Throws FILE_ACCESS. */
export function looksLikeIgvm(path: string): boolean {
  if (withPath('FILE_ACCESS', path, () => statSync(path).isDirectory())) return false;
  const file = openFile(path);
  try {
    return String.fromCharCode(...readBytes(file, 0, Math.min(4, file.size))) === 'IGVM';
  } finally {
    file.close();
  }
}

/** Whether a path looks like a Keep image: an OCI layout, or a tar archive. Throws FILE_ACCESS. */
export function looksLikeImage(path: string): boolean {
  const folder = withPath('FILE_ACCESS', path, () => statSync(path).isDirectory());
  if (folder) return existsSync(join(path, 'oci-layout'));
  const file = openFile(path);
  try {
    if (file.size < MAGIC.at + MAGIC.text.length) return false;
    return String.fromCharCode(...readBytes(file, MAGIC.at, MAGIC.text.length)) === MAGIC.text;
  } finally {
    file.close();
  }
}
