// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh folder below `under` that is removed when the process ends, however it ends by itself. */
export function tempFolder(name = 'motte-test', under: string = tmpdir()): string {
  const folder = mkdtempSync(join(under, `${name}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
