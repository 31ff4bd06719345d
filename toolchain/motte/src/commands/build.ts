// SPDX-License-Identifier: Apache-2.0
import { build } from '@motte/image/build';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { interruptible } from '../image/interrupted.js';
import { imageOutput } from '../image/output.js';
import { manifestText } from '../image/text.js';
import { readText } from '../io/file.js';
import { say } from '../io/stdout.js';
import { configFolder } from '../keep/settings.js';
import { sourceDateEpoch } from '../keep/sign.js';

/** `motte build APP -o IMAGE`: the same APP, Keep.toml and Motte give the same bytes. */
export async function run({ options, words: [exec = ''] }: Input): Promise<Outcome> {
  const to = imageOutput(needed(options.output, 'output'), options);
  const created = sourceDateEpoch();
  return interruptible(async (signal) => {
    const { path, format, digest, manifest } = await build({
      ...to,
      exec,
      ...(options.tee === 'sgx' ? { tees: ['sgx'] } : {}),
      ...(options.config === undefined ? {} : { config: readText(options.config) }),
      folder: configFolder(options),
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.shim === undefined ? {} : { shim: options.shim }),
      ...(created === undefined ? {} : { created }),
      signal,
    });
    if (options.json !== true) say('motte: nobody has signed this image yet: motte sign image');
    return { result: { path, format, digest, ...manifestText(manifest) }, text: `${digest}\n` };
  });
}
