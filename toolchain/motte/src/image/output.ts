// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ImageFormat } from '@motte/image';
import { statSync } from 'node:fs';
import type { OptionValues } from '../grammar/options.js';

/** Where an image goes and as what. */
export interface ImageOutput {
  readonly output: string;
  readonly format: ImageFormat;
}

/** What stands at the end of a path says that it is a folder, or the folder that is there does. */
function isFolder(path: string): boolean {
  return path.endsWith('/') || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** `-o` and `--format`; without the second a folder when the path is one, else a tar archive. Throws USAGE_VALUE. */
export function imageOutput(path: string, { format }: OptionValues): ImageOutput {
  if (path === '-')
    throw new MotteError('USAGE_VALUE', { field: '--output', expected: 'a path', found: 'standard output' });
  const folder = isFolder(path);
  if (folder && format === 'tar')
    throw new MotteError('USAGE_VALUE', {
      field: '--output',
      expected: 'a file, for --format tar',
      found: path,
    });
  return { output: path.replace(/(?<=.)\/+$/, ''), format: folder || format === 'dir' ? 'dir' : 'tar' };
}
