// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { buildShim } from '@motte/shimgen/build';
import { parseShimConfig } from '@motte/shimgen/config';
import type { Input, Outcome } from '../grammar/command.js';
import { readText } from '../io/file.js';
import { writeFile } from '../io/output.js';
import { print, say } from '../io/stdout.js';
import { checkTee } from '../keep/prepare.js';

/** `motte shim build -o SHIM.ELF` */
export async function run({ options }: Input): Promise<Outcome> {
  checkTee(options.tee);
  const { config, output } = options;
  if (output === undefined)
    throw new MotteError('USAGE_ARGUMENTS', { field: '--output', expected: '-o SHIM.ELF' });
  const built = await buildShim(config === undefined ? {} : { config: parseShimConfig(readText(config)) });
  for (const note of built.notes) say(`motte: ${note}`);
  if (output === '-') print(built.bytes);
  else writeFile(output, built.bytes);
  return { result: { path: output, ...built.stamp }, text: output === '-' ? '' : `${built.stamp.sha256}\n` };
}
