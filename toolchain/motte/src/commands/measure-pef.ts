// SPDX-License-Identifier: Apache-2.0
import type { Input, Outcome } from '../grammar/command.js';
import { lines } from '../measure/lines.js';
import { inputsOf } from '../measure/outcome.js';
import { digestsText, withDigests } from '../measure/pef.js';
import { VERSION } from '../version.js';

/** `motte measure pef --kernel F --initrd F [--bootargs TEXT] [--rtas F]` */
export function run({ options }: Input): Outcome {
  return withDigests(options, (found, files) => {
    const digests = digestsText(found);
    const text = lines(digests);
    if (options.json !== true) return { result: undefined, text };
    const result = { tee: 'pef', profile: 'sha512', version: VERSION, digests, inputs: inputsOf(files) };
    return { result, text };
  });
}
