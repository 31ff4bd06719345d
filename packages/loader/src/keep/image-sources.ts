// SPDX-License-Identifier: Apache-2.0
// What `[[image]]` names on this machine: which files, links and empty directories there are, before anything is read.
import { MotteError } from '@motte/binary/error';
import { INDEX_ENTRIES } from '@motte/config/file-index-layout';
import type { ImageFiles } from '@motte/config/keep-config';
import { badEntryPlace, isThere } from '@motte/config/image-rules';
import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemCode } from '../native.js';

/** Something that becomes an entry of the index. */
export type Source =
  | { readonly kind: 'file'; readonly path: string; readonly source: string }
  | { readonly kind: 'link'; readonly path: string; readonly text: string }
  | { readonly kind: 'directory'; readonly path: string };

/** The error for what cannot be a file of the image. */
export function sourceError(path: string, source: string, cause: unknown): MotteError {
  const found = systemCode(cause) ?? String(cause);
  return new MotteError('IMAGE_SOURCE', {
    field: path,
    expected: `${source}, to be read`,
    found,
    cause,
  });
}

function textOf(bytes: Buffer, path: string, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new MotteError('IMAGE_SOURCE', {
      field: path,
      expected: `names and links in UTF-8 below ${source}`,
      cause,
    });
  }
}

/** All sources, in no order that matters. */
class Walk {
  readonly found: Source[] = [];

  add(one: Source): void {
    const expected = badEntryPlace(one.path);
    if (expected !== undefined)
      throw new MotteError('IMAGE_SOURCE', { field: one.path, expected, found: one.kind });
    if (this.found.length === INDEX_ENTRIES)
      throw new MotteError('IMAGE_SOURCE', { field: one.path, expected: `at most ${INDEX_ENTRIES} files` });
    this.found.push(one);
  }

  /** What `source` is, at `path`; a link is followed only where Keep.toml names it. */
  visit(path: string, source: string, stats: Stats): void {
    if (stats.isFile()) this.add({ kind: 'file', path, source });
    else if (stats.isDirectory()) this.#folder(path, source);
    else if (stats.isSymbolicLink()) {
      const text = textOf(readlinkSync(source, { encoding: 'buffer' }), path, source);
      this.add({ kind: 'link', path, text });
    } else {
      const expected = 'files, directories and symbolic links';
      throw new MotteError('IMAGE_SOURCE', { field: path, expected, found: source });
    }
  }

  #folder(path: string, source: string): void {
    const names = readdirSync(source, { encoding: 'buffer' }).map((name) => textOf(name, path, source));
    if (names.length === 0 && !isThere(path)) this.add({ kind: 'directory', path });
    for (const name of names) {
      const below = join(source, name);
      const at = path === '/' ? `/${name}` : `${path}/${name}`;
      try {
        this.visit(at, below, lstatSync(below));
      } catch (cause) {
        throw cause instanceof MotteError ? cause : sourceError(at, below, cause);
      }
    }
  }
}

/** Everything that `image` names; sources are relative to `folder`. Throws IMAGE_SOURCE. */
export function findSources(image: readonly ImageFiles[], folder: string): Source[] {
  const walk = new Walk();
  for (const { path, source } of image) {
    const at = resolve(folder, source);
    try {
      walk.visit(path, at, statSync(at));
    } catch (cause) {
      throw cause instanceof MotteError ? cause : sourceError(path, at, cause);
    }
  }
  return walk.found;
}
