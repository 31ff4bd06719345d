// SPDX-License-Identifier: Apache-2.0
import { openFile } from './file.js';
import type { InputFile } from './file.js';

/** Calls `use` with the files of these paths open, by their role, and closes them. Throws FILE_ACCESS. */
export function withFiles<const R extends string, T>(
  paths: Readonly<Record<R, string>>,
  use: (files: Readonly<Record<R, InputFile>>) => T,
): T {
  const open = new Map<string, InputFile>();
  try {
    for (const [role, path] of Object.entries<string>(paths)) open.set(role, openFile(path));
    return use(Object.fromEntries(open) as Record<R, InputFile>);
  } finally {
    for (const file of open.values()) file.close();
  }
}
