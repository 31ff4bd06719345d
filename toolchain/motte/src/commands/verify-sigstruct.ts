// SPDX-License-Identifier: Apache-2.0
import { sigstructText } from '@motte/sign/sgx/sigstruct';
import { verifySigstruct } from '@motte/sign/sgx/verify';
import type { Input, Outcome } from '../grammar/command.js';
import { readSmall } from '../io/file.js';

/** `motte verify sigstruct FILE`: genuine or not; whether to accept its signer is for the reader to say. */
export function run({ words: [file = ''] }: Input): Outcome {
  const result = sigstructText(verifySigstruct(readSmall(file)));
  const width = Math.max(...Object.keys(result).map((name) => name.length));
  const lines = Object.entries(result).map(([name, value]) => `${name.padEnd(width)}  ${value}\n`);
  return { result, text: lines.join('') };
}
