// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { buildShim } from '@motte/shimgen/build';
import { parseShimConfig } from '@motte/shimgen/config';
import type { ShimConfig } from '@motte/shimgen/config';
import type { Input, Outcome } from '../grammar/command.js';
import { readText } from '../io/file.js';
import { writeFile } from '../io/output.js';
import { print, say } from '../io/stdout.js';
import { planTee } from '../keep/prepare.js';

/** What is built: what the file says, which may not contradict `--tee`; without a file the defaults for that TEE. */
function shimConfig(toml: string | undefined, tee: string | undefined): ShimConfig {
  const wanted = planTee(tee) === 'sgx' ? 'sgx' : 'vm';
  const config = parseShimConfig(toml ?? `tee = "${wanted}"`);
  if (tee === undefined || tee === 'auto' || config.tee === wanted) return config;
  throw new MotteError('USAGE_VALUE', {
    field: '--tee',
    expected: `tee = "${wanted}" in --config`,
    found: config.tee,
  });
}

/** `motte shim build -o SHIM.ELF` */
export async function run({ options }: Input): Promise<Outcome> {
  const { config, output, tee } = options;
  if (output === undefined)
    throw new MotteError('USAGE_ARGUMENTS', { field: '--output', expected: '-o SHIM.ELF' });
  const built = await buildShim({
    config: shimConfig(config === undefined ? undefined : readText(config), tee),
  });
  for (const note of built.notes) say(`motte: ${note}`);
  if (output === '-') print(built.bytes);
  else writeFile(output, built.bytes);
  return { result: { path: output, ...built.stamp }, text: output === '-' ? '' : `${built.stamp.sha256}\n` };
}
