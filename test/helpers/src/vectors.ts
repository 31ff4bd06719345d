// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** The root of the clone. */
export const ROOT: string = join(dirname(fileURLToPath(import.meta.url)), '../../../..');

/** Where the vectors are: $MOTTE_VECTORS, else `shared/vectors` beside the clone. */
export const VECTORS: string = process.env['MOTTE_VECTORS'] ?? join(ROOT, '../shared/vectors');

/** Whether the vectors are on this machine; tests that need them say that they were skipped when not. */
export function haveVectors(folder: string): boolean {
  return existsSync(join(VECTORS, folder));
}

/** A vector file as it is meant to be read: where only `NAME.gz` is stored, unpacked. */
export function vector(...path: string[]): Uint8Array {
  const file = join(VECTORS, ...path);
  if (existsSync(file)) return file.endsWith('.gz') ? gunzipSync(readFileSync(file)) : readFileSync(file);
  return gunzipSync(readFileSync(`${file}.gz`));
}

/** A vector's JSON file. */
export function vectorJson(...path: string[]): unknown {
  return JSON.parse(Buffer.from(vector(...path)).toString('utf8'));
}
