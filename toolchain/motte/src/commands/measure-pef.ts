// SPDX-License-Identifier: Apache-2.0
import type { PefDigests } from '@motte/measure/pef/digests';
import type { Input, Outcome } from '../grammar/command.js';
import type { InputFile } from '../io/file.js';
import { lines } from '../measure/lines.js';
import { inputsOf } from '../measure/outcome.js';
import { digestsText, withDigests } from '../measure/pef.js';
import { transcript } from '../measure/transcript.js';
import { VERSION } from '../version.js';

/** `motte measure pef --kernel F --initrd F [--bootargs TEXT] [--rtas F]` */
export function run({ options }: Input): Outcome {
  const told = transcript(options);
  const outcome = (found: PefDigests, files: Readonly<Record<string, InputFile>>): Outcome => {
    told.end();
    const digests = digestsText(found);
    const text = lines(digests);
    if (options.json !== true) return { result: undefined, text };
    const steps = told.steps === undefined ? {} : { transcript: told.steps };
    const inputs = inputsOf(files);
    return { result: { tee: 'pef', profile: 'sha512', version: VERSION, digests, inputs, ...steps }, text };
  };
  return withDigests(options, outcome, told.onStep);
}
