// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { closeSync, lstatSync, openSync, readFileSync, readSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { firstDifference } from './bytes.js';
import { placeOf } from './explain.js';
import type { Place } from './place.js';
import { filesBelow, isThere } from './tree.js';

/** A file that is not the same in both trees. */
export type FileDifference =
  | { readonly path: string; readonly kind: 'content'; readonly place: Place }
  | { readonly path: string; readonly kind: 'only first' | 'only second' | 'type' | 'executable' };

/** What a comparison came to. */
export interface Comparison {
  /** Files that were compared. */
  readonly files: number;
  readonly differences: readonly FileDifference[];
}

const CHUNK = 1 << 20;
/** Larger files are compared, but told of by their first differing byte only. */
const EXPLAINED = 1 << 28;

/** Where two files first differ, read piece by piece; -1 when they are the same. */
function firstByte(a: string, b: string): number {
  const files = [openSync(a, 'r'), openSync(b, 'r')] as const;
  try {
    const buffers = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)] as const;
    for (let at = 0; ; at += CHUNK) {
      const [left, right] = files.map((fd, i) => {
        const buffer = buffers[i as 0 | 1];
        let size = 0;
        for (let got = 1; got > 0 && size < CHUNK; size += got)
          got = readSync(fd, buffer, size, CHUNK - size, at + size);
        return buffer.subarray(0, size);
      }) as [Buffer, Buffer];
      const found = left.equals(right) ? -1 : firstDifference(left, right);
      if (found >= 0) return at + found;
      if (left.length < CHUNK) return -1;
    }
  } finally {
    for (const fd of files) closeSync(fd);
  }
}

function kindOf(path: string): string {
  const stat = lstatSync(path);
  return stat.isSymbolicLink() ? `link to ${readlinkSync(path)}` : stat.isFile() ? 'file' : 'other';
}

function compareOne(first: string, second: string, path: string): FileDifference | undefined {
  const [a, b] = [join(first, path), join(second, path)];
  if (!isThere(b)) return { path, kind: 'only first' };
  if (!isThere(a)) return { path, kind: 'only second' };
  if (kindOf(a) !== kindOf(b)) return { path, kind: 'type' };
  if (!lstatSync(a).isFile()) return undefined;
  const at = firstByte(a, b);
  if (at >= 0) {
    const large = Math.max(lstatSync(a).size, lstatSync(b).size) > EXPLAINED;
    const place = large ? { offset: at, first: '', second: '' } : placeOf(readFileSync(a), readFileSync(b));
    return { path, kind: 'content', place };
  }
  // Other permission bits are the umask's, and whoever installs a file sets them; git keeps this one.
  return ((lstatSync(a).mode ^ lstatSync(b).mode) & 0o100) === 0 ? undefined : { path, kind: 'executable' };
}

/** Compares two files or two trees. `except` says which files of a tree do not count. Throws REPRO_SOURCE. */
export function compareTrees(
  first: string,
  second: string,
  except: (path: string) => boolean = () => false,
): Comparison {
  for (const field of [first, second]) {
    if (!isThere(field))
      throw new MotteError('REPRO_SOURCE', { field, expected: 'a file or folder', found: 'nothing' });
  }
  const folders = [first, second].filter((path) => lstatSync(path).isDirectory()).length;
  if (folders === 1)
    throw new MotteError('REPRO_SOURCE', {
      field: first,
      expected: `what ${second} is`,
      found: 'a file and a folder',
    });
  const names = new Set([...filesBelow(first), ...filesBelow(second)]);
  const files = [...names].filter((path) => !except(path)).sort();
  const differences = files.flatMap((path) => compareOne(first, second, path) ?? []);
  return { files: files.length, differences };
}
