// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A line for each entry below `at`, sorted: its path, type, permissions, and what it holds. No link is followed. */
export function tree(at: string): string[] {
  const lines = (below: string): string[] =>
    readdirSync(join(at, below)).flatMap((name) => {
      const path = join(below, name);
      const full = join(at, path);
      const stats = lstatSync(full);
      if (stats.isSymbolicLink()) return [`${path} -> ${readlinkSync(full)}`];
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isDirectory()) return [`${path} directory ${mode}`, ...lines(path)];
      if (!stats.isFile()) return [`${path} other ${mode}`];
      const sum = createHash('sha256').update(readFileSync(full)).digest('hex');
      return [`${path} ${mode} ${sum.slice(0, 16)}`];
    });
  return lines('').toSorted();
}
