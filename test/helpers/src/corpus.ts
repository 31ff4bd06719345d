// SPDX-License-Identifier: Apache-2.0
// fuzz/corpus/NAME: inputs that are kept because of what a parser says to them, which their names tell.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ROOT } from './vectors.js';

/** An input with what the parser answers: `accepted`, or the code of its refusal. */
export interface KeptInput {
  readonly file: string;
  readonly answer: string;
  readonly bytes: Uint8Array;
}

/** Larger ones are stored gzipped. */
const MOST_PLAIN = 1024;
/** Inputs of a parser that `keepInput` adds to; seeds and findings are put there by hand. */
const MOST_KEPT = 16;

const folderOf = (name: string): string => join(ROOT, 'fuzz/corpus', name);

/** What is kept for a parser; `ANSWER.WHAT[.gz]` are their names. */
export function corpus(name: string): KeptInput[] {
  const folder = folderOf(name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .toSorted()
    .map((file) => {
      const stored = readFileSync(join(folder, file));
      const bytes = new Uint8Array(file.endsWith('.gz') ? gunzipSync(stored) : stored);
      return { file, bytes, answer: file.split('.')[0] ?? '' };
    });
}

/** Writes an input to the corpus, unless there are enough. */
export function keepInput(name: string, answer: string, what: string, bytes: Uint8Array): void {
  const folder = folderOf(name);
  mkdirSync(folder, { recursive: true });
  const packed = bytes.length > MOST_PLAIN ? gzipSync(bytes, { level: 9 }) : bytes;
  if (readdirSync(folder).length >= MOST_KEPT || packed.length > 4 * MOST_PLAIN) return;
  const slug = what
    .replaceAll(/[^A-Za-z0-9_]+/gu, '-')
    .replaceAll(/^-|-$/gu, '')
    .slice(0, 40);
  writeFileSync(join(folder, `${answer}.${slug || 'input'}${packed === bytes ? '' : '.gz'}`), packed);
}

/** Writes an input that a parser fails on to build/fuzz, and returns where. */
export function saveFinding(name: string, bytes: Uint8Array): string {
  const folder = join(ROOT, 'build/fuzz');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`);
  writeFileSync(path, bytes);
  return path;
}
