// SPDX-License-Identifier: Apache-2.0
// Where files of the image can stand in a Keep.
import { isPlainText } from './kind.js';
import { KEEP_PATH, isBelow } from './grant-rules.js';

/** Linux's limits, in bytes and without a NUL. */
const MOST_NAME = 255;
const MOST_PATH = 4095;

/** What the Keep's own program is called. If the image has a file there it is the program's, and nothing is below it. */
export const PROGRAM_PATH = '/exec';

/** What the Keep fills itself: nothing of the image stands there or below. */
const TAKEN_BELOW = ['/dev', '/proc', '/sys', '/tmp', '/var/tmp'];

/** Directories that the Keep has in any case. */
const THERE: readonly string[] = ['/', '/dev', '/dev/shm', '/proc', '/sys', '/tmp', '/var', '/var/tmp'];

/** Whether a directory needs no entry, empty or not. */
export function isThere(path: string): boolean {
  return THERE.includes(path);
}

/** What a path should have been instead, when neither `[[image]]` nor anything of the image can be there. */
export function badPlace(path: string): string | undefined {
  if (!KEEP_PATH.test(path) || !isPlainText(path)) return 'an absolute path without . and ..';
  const withinProgram = path !== PROGRAM_PATH && isBelow(path, PROGRAM_PATH);
  if (withinProgram || TAKEN_BELOW.some((folder) => isBelow(path, folder)))
    return 'a place that the Keep does not fill itself, such as /usr/share/app';
  const encoder = new TextEncoder();
  const parts = path.split('/').map((part) => encoder.encode(part).length);
  if (parts.some((bytes) => bytes > MOST_NAME)) return `names of at most ${MOST_NAME} bytes`;
  const whole = parts.reduce((sum, bytes) => sum + bytes + 1, -1);
  return whole > MOST_PATH ? `at most ${MOST_PATH} bytes` : undefined;
}

/** The same of a file, link or empty directory. */
export function badEntryPlace(path: string): string | undefined {
  return isThere(path) ? 'a place that the Keep does not fill itself' : badPlace(path);
}

/** Every directory on the way to `path`, but the root. */
export function foldersOf(path: string): string[] {
  const out: string[] = [];
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) out.push(path.slice(0, at));
  return out;
}
