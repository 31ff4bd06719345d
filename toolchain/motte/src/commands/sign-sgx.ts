// SPDX-License-Identifier: Apache-2.0
import { measureSgx } from '@motte/measure/sgx';
import { signingDigest } from '@motte/sign/sgx/sign';
import { parseSigstruct, signedBytes, sigstructText } from '@motte/sign/sgx/sigstruct';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import type { OptionValues } from '../grammar/options.js';
import { writeFile } from '../io/output.js';
import { print, say } from '../io/stdout.js';
import { prepare } from '../keep/prepare.js';
import { fixedSettings } from '../keep/settings.js';
import { unsignedPlan } from '../keep/sign.js';
import { isFirstStep, refuseWith, toSign } from '../sign/elsewhere.js';
import { signedSigstruct } from '../sign/sgx.js';

function sign(unsigned: Uint8Array, options: OptionValues, output: string): Outcome {
  const { sigstruct, developer } = signedSigstruct(unsigned, options);
  if (developer) say('motte: dev-signed; --key names another key');
  if (output === '-') print(sigstruct);
  else writeFile(output, sigstruct);
  return { result: { path: output, developer, ...sigstructText(parseSigstruct(sigstruct)) }, text: '' };
}

/**
 * `motte sign sgx FILE -o SIGSTRUCT`, or in two steps: `motte sign sgx FILE --digest-out DIGEST`, then the same with
 * `--signature-in SIGNATURE --key PUBLIC.PEM -o SIGSTRUCT`.
 */
export async function run({ options, words: [file = ''] }: Input): Promise<Outcome> {
  const first = isFirstStep(options);
  if (first) refuseWith(options, 'key', 'signature-in', 'output');
  const output = first ? '' : needed(options.output, 'output');
  const prepared = await prepare(file, options, fixedSettings(options, file));
  try {
    const { plan, config } = prepared;
    const unsigned = unsignedPlan(plan, measureSgx(plan), config, options);
    if (!first) return sign(unsigned, options, output);
    return toSign(signingDigest(unsigned), signedBytes(unsigned), 'rsa3072-pkcs1-sha256', options);
  } finally {
    prepared.close();
  }
}
