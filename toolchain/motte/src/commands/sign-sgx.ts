// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { measureSgx } from '@motte/measure/sgx';
import { parseSigstruct, sigstructText } from '@motte/sign/sgx/sigstruct';
import type { Input, Outcome } from '../grammar/command.js';
import { writeFile } from '../io/output.js';
import { print, say } from '../io/stdout.js';
import { prepare } from '../keep/prepare.js';
import { fixedSettings } from '../keep/settings.js';
import { signPlan } from '../keep/sign.js';

/** `motte sign sgx FILE -o SIGSTRUCT` */
export function run({ options, words: [file = ''] }: Input): Outcome {
  const { output } = options;
  if (output === undefined)
    throw new MotteError('USAGE_ARGUMENTS', { field: '--output', expected: '-o SIGSTRUCT' });
  const settings = fixedSettings(options, file);
  const prepared = prepare(file, options, settings);
  try {
    const { sigstruct, developer } = signPlan(
      prepared.plan,
      measureSgx(prepared.plan),
      settings.config,
      options,
    );
    if (developer) say('motte: dev-signed; --key names another key');
    if (output === '-') print(sigstruct);
    else writeFile(output, sigstruct);
    return { result: { path: output, developer, ...sigstructText(parseSigstruct(sigstruct)) }, text: '' };
  } finally {
    prepared.close();
  }
}
