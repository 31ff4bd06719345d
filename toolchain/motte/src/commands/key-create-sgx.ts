// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { MotteError } from '@motte/binary/error';
import { createSgxKey, keyDigest, modulusFromPem } from '@motte/sign/key-node';
import type { Input, Outcome } from '../grammar/command.js';
import { openOutput } from '../io/output.js';

/** `motte key create sgx -o KEY.PEM`: mode 0600, and never over another key without `--force`. */
export function run({ options }: Input): Outcome {
  const { output } = options;
  if (output === undefined)
    throw new MotteError('USAGE_ARGUMENTS', { field: '--output', expected: '-o KEY.PEM' });
  // Opened first: a key takes seconds to make, and a file that is there is refused before.
  const file = openOutput(output, { mode: 0o600, keep: options.force !== true });
  let pem: string;
  try {
    pem = createSgxKey();
    file.write(new TextEncoder().encode(pem));
    file.commit();
  } finally {
    file.abandon();
  }
  const mrsigner = toHex(keyDigest(modulusFromPem(pem)));
  return { result: { path: output, mrsigner }, text: `${mrsigner}\n` };
}
