// SPDX-License-Identifier: Apache-2.0
import { writeSync } from 'node:fs';
import { systemCode, systemError } from './system.js';

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of `text` to a descriptor before it returns. A reader that has gone (EPIPE) is no error of ours: the
 * rest is dropped in silence. Throws OUTPUT_FAILED for everything else, a full disk first of all.
 */
function writeAll(fd: number, text: string | Uint8Array, name: string): void {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN') throw systemError(error, 'OUTPUT_FAILED', name);
      // The pipe is full and somebody made it non-blocking; wait for its reader.
      Atomics.wait(PAUSE, 0, 0, 2);
    }
  }
}

/** The result. Throws OUTPUT_FAILED. */
export function print(text: string | Uint8Array): void {
  writeAll(1, text, 'standard output');
}

/** Talk. That it cannot be written is no reason to fail. */
export function say(text: string): void {
  try {
    writeAll(2, `${text}\n`, 'standard error');
  } catch {
    // nobody listens
  }
}
