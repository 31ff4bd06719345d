// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { systemCode, withPath } from './system.js';

/** How a file is written. */
export interface OutputOptions {
  /** Permission bits of a new file. */
  readonly mode?: number;
  /** Throw FILE_EXISTS when it is there. */
  readonly keep?: boolean;
}

/** An output in the making: nothing is seen of it before `commit`. */
export interface Output {
  write(bytes: Uint8Array): void;
  /** Puts the file in its place, whole. */
  commit(): void;
  /** Leaves nothing behind. After `commit` it does nothing. */
  abandon(): void;
}

/** Temporary files of this process, removed when it ends early; death by a signal leaves one, but never half an output. */
const unfinished = new Set<string>();
let watching = false;

function remember(path: string): void {
  if (!watching) {
    watching = true;
    process.on('exit', () => {
      for (const left of unfinished) remove(left);
    });
  }
  unfinished.add(path);
}

function remove(path: string): void {
  unfinished.delete(path);
  try {
    unlinkSync(path);
  } catch {
    // it is gone already
  }
}

function kindOf(path: string): 'absent' | 'file' | 'special' {
  try {
    // A link is replaced, as by `mv`; a device or pipe (/dev/full, /dev/fd/3) is written to.
    const stat = lstatSync(path);
    return stat.isFile() || stat.isSymbolicLink() ? 'file' : 'special';
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'absent';
    throw error;
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

function openSpecial(path: string): Output {
  let fd = openSync(path, 'w');
  const close = (): void => {
    if (fd >= 0) closeSync(fd);
    fd = -1;
  };
  return {
    write: (bytes) => withPath('OUTPUT_FAILED', path, () => writeWhole(fd, bytes)),
    commit: () => withPath('OUTPUT_FAILED', path, close),
    abandon: close,
  };
}

/**
 * Starts to write `path`: into a file beside it, which takes its name only when it is complete and on the disk. Whoever
 * does not come to `commit` calls `abandon`. Throws FILE_EXISTS, OUTPUT_FAILED.
 */
export function openOutput(path: string, { mode = 0o666, keep = false }: OutputOptions = {}): Output {
  const exists = (): MotteError => new MotteError('FILE_EXISTS', { field: path });
  return withPath('OUTPUT_FAILED', path, () => {
    const kind = kindOf(path);
    if (kind === 'special') return openSpecial(path);
    if (kind === 'file' && keep) throw exists();
    const temporary = join(
      dirname(path),
      `.${basename(path)}.${process.pid}.${randomUUID().slice(0, 8)}.tmp`,
    );
    let fd = openSync(temporary, 'wx', mode);
    remember(temporary);
    return {
      write: (bytes) => withPath('OUTPUT_FAILED', path, () => writeWhole(fd, bytes)),
      commit() {
        withPath('OUTPUT_FAILED', path, () => {
          fsyncSync(fd);
          closeSync(fd);
          fd = -1;
          if (!keep) renameSync(temporary, path);
          else {
            // A link, unlike a rename, never replaces what somebody else has made meanwhile.
            try {
              linkSync(temporary, path);
            } catch (error) {
              throw systemCode(error) === 'EEXIST' ? exists() : error;
            }
            remove(temporary);
          }
          unfinished.delete(temporary);
        });
      },
      abandon() {
        if (fd >= 0) closeSync(fd);
        fd = -1;
        if (unfinished.has(temporary)) remove(temporary);
      },
    };
  });
}

/** Writes a whole file, or leaves what was there. */
export function writeFile(path: string, bytes: Uint8Array | string, options: OutputOptions = {}): void {
  const output = openOutput(path, options);
  try {
    output.write(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
    output.commit();
  } finally {
    output.abandon();
  }
}
