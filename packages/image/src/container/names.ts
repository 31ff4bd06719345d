// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';
import { digestHex } from '../oci/descriptor.js';

/** The files of an image by their names. OCI image-spec 1.1, image-layout.md. */
export type FileMap = ReadonlyMap<string, ByteSource>;

export const LAYOUT_FILE = 'oci-layout';
export const INDEX_FILE = 'index.json';
export const BLOB_FOLDER = 'blobs/sha256';

/** Folders that an archive may name. */
export const FOLDER_NAMES: readonly string[] = ['blobs/', 'blobs/sha256/'];

/** More files than any image has. */
export const MOST_FILES = 1024;

const BLOB = /^blobs\/sha256\/([0-9a-f]{64})$/;

/** Most characters that an error shows of a text in JSON, in which each of its own may be six. */
const MOST_SHOWN = 100;

/** A text of an archive as an error shows it. */
export function quoted(text: string): string {
  const json = JSON.stringify(text);
  return json.length > MOST_SHOWN ? `${json.slice(0, MOST_SHOWN)}…` : json;
}

/** The file of a blob. */
export function blobName(digest: string): string {
  return `${BLOB_FOLDER}/${digestHex(digest)}`;
}

/** The digest that a file is named for, if it is a blob. */
export function blobDigest(name: string): string | undefined {
  const hex = BLOB.exec(name)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

/** Refuses every name but those that an image has: no other folder, nothing absolute, no `..`. */
export function checkFileName(name: string, offset?: number): void {
  if (name === LAYOUT_FILE || name === INDEX_FILE || BLOB.test(name)) return;
  const at = offset === undefined ? {} : { offset };
  const [, algorithm] = /^blobs\/([a-z0-9+._-]+)\//.exec(name) ?? [];
  if (algorithm !== undefined && algorithm !== 'sha256' && !algorithm.startsWith('.')) {
    throw new MotteError('IMAGE_DIGEST_ALGORITHM', {
      field: name,
      expected: 'sha256',
      found: algorithm,
      ...at,
    });
  }
  throw new MotteError('IMAGE_LAYOUT', {
    field: quoted(name),
    expected: 'oci-layout, index.json or blobs/sha256/ and 64 hex digits',
    ...at,
  });
}

/** The map of `files`. Throws IMAGE_LAYOUT for a name that comes twice, or when one that each image has is missing. */
export function fileMap(files: readonly (readonly [string, ByteSource])[]): FileMap {
  const map = new Map<string, ByteSource>();
  for (const [name, source] of files) {
    if (map.has(name))
      throw new MotteError('IMAGE_LAYOUT', { field: name, expected: 'it once', found: 'it twice' });
    map.set(name, source);
  }
  for (const name of [LAYOUT_FILE, INDEX_FILE]) {
    if (!map.has(name))
      throw new MotteError('IMAGE_LAYOUT', { field: name, expected: 'a file', found: 'none' });
  }
  return map;
}
