// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { readBytes } from '@motte/binary/source';
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TAR_BLOCK } from '../tar/header.js';
import { looksLikeTar } from '../tar/read.js';
import { openRegular } from './files.js';
import type { ImageFormat } from './open.js';

/** What is in an image's folder; a folder that holds anything else is not ours to replace. */
const OURS: readonly string[] = ['blobs', 'index.json', 'oci-layout'];

/** A name beside `path` that nobody else uses. */
export function besidePath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.${randomUUID().slice(0, 8)}.tmp`);
}

/** What `work` returns; errors of the system become OUTPUT_FAILED about `path`. */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof MotteError || !(cause instanceof Error)) throw cause;
    throw new MotteError('OUTPUT_FAILED', { field: path, message: cause.message, cause });
  }
}

/** Makes a file, hands out what appends to it, and closes it, whole and on the disk. */
export class NewFile {
  readonly #path: string;
  readonly #fd: number;

  constructor(path: string) {
    this.#path = path;
    this.#fd = writing(path, () => openSync(path, 'wx', 0o666));
  }

  append(bytes: Uint8Array): void {
    writing(this.#path, () => {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
    });
  }

  close(): void {
    writing(this.#path, () => {
      fsyncSync(this.#fd);
      closeSync(this.#fd);
    });
  }

  /** Closes it without a word. */
  drop(): void {
    try {
      closeSync(this.#fd);
    } catch {
      // it was closed already
    }
  }
}

/** Makes the folder of an image in the making. */
export function newFolder(path: string): void {
  writing(path, () => mkdirSync(join(path, 'blobs/sha256'), { recursive: true }));
}

/** The first block of a file; of a device nothing is read. */
function headOf(path: string): Uint8Array {
  const file = openRegular(path);
  try {
    return readBytes(file, 0, Math.min(TAR_BLOCK, file.size));
  } finally {
    file.close();
  }
}

/** Whether an image of this format may take the place of what is there: of an image like it, or of nothing. */
function isReplaceable(path: string, format: ImageFormat): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return true;
  if (format === 'dir') return stat.isDirectory() && readdirSync(path).every((name) => OURS.includes(name));
  return stat.isFile() && (stat.size === 0 || looksLikeTar(headOf(path)));
}

/** Throws FILE_EXISTS when something stands at `path` that an image would destroy: its own program, say, or a device. */
export function checkReplaceable(path: string, format: ImageFormat): void {
  if (writing(path, () => isReplaceable(path, format))) return;
  throw new MotteError('FILE_EXISTS', {
    field: path,
    message: 'something else than an image is there',
    expected:
      format === 'tar' ? 'nothing, or an image' : 'nothing, an empty folder or the folder of an image',
  });
}

/** Gives a finished file its name. */
export function placeFile(temporary: string, path: string): void {
  checkReplaceable(path, 'tar');
  writing(path, () => renameSync(temporary, path));
}

/** Gives a finished folder its name. No system call swaps folders: the old one steps aside and goes when the new one stands. */
export function placeFolder(temporary: string, path: string): void {
  checkReplaceable(path, 'dir');
  const aside = besidePath(path);
  writing(path, () => {
    const old = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    if (old) renameSync(path, aside);
    try {
      renameSync(temporary, path);
    } catch (error) {
      if (old) renameSync(aside, path);
      throw error;
    }
  });
  rmSync(aside, { recursive: true, force: true });
}
