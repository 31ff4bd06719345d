// SPDX-License-Identifier: Apache-2.0

/** Most `[[files]]` of a Keep; the loader and the shim have as many handles. */
export const MOST_FILES = 64;

/** An absolute path without `.`, `..` or empty parts, so that a grant has one spelling. */
export const KEEP_PATH: RegExp = /^(\/|(\/(?!\.{1,2}(\/|$))[^/]+)+)$/;

/** What the Keep itself has there, and a grant would hide. */
const TAKEN = ['/', '/exec', '/tmp', '/var', '/var/tmp'];
/** Nor anything below these. */
const TAKEN_BELOW = ['/dev', '/proc', '/sys'];

/** Whether `path` is `folder`, or something in it. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || folder === '/' || path.startsWith(`${folder}/`);
}

/** Which of the paths that the Keep is to see cannot be one, and why: what was expected instead. */
export function badGrant(
  paths: readonly string[],
): { readonly at: number; readonly expected: string } | undefined {
  if (paths.length > MOST_FILES) return { at: MOST_FILES, expected: `at most ${MOST_FILES} grants` };
  for (const [at, path] of paths.entries()) {
    if (!KEEP_PATH.test(path)) return { at, expected: 'an absolute path without . and ..' };
    if (TAKEN.includes(path) || TAKEN_BELOW.some((folder) => isBelow(path, folder)))
      return { at, expected: 'a place that the Keep does not fill itself, such as /data' };
    const around = paths.find((other, i) => i !== at && isBelow(path, other));
    if (around !== undefined) return { at, expected: `a place that is not within the grant ${around}` };
  }
  return undefined;
}
