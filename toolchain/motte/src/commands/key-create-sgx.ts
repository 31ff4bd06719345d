// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { MotteError } from '@motte/binary/error';
import { createSgxKey, keyDigest, modulusFromPem } from '@motte/sign/key-node';
import type { Input, Outcome } from '../grammar/command.js';
import { writeFile } from '../io/output.js';

/** `motte key create sgx -o KEY.PEM`: mode 0600, and never over another key without `--force`. */
export function run({ options }: Input): Outcome {
  const { output } = options;
  if (output === undefined)
    throw new MotteError('USAGE_ARGUMENTS', { field: '--output', expected: '-o KEY.PEM' });
  const pem = createSgxKey();
  writeFile(output, pem, { mode: 0o600, keep: options.force !== true });
  const mrsigner = toHex(keyDigest(modulusFromPem(pem)));
  return { result: { path: output, mrsigner }, text: `${mrsigner}\n` };
}
