// SPDX-License-Identifier: Apache-2.0
// Signing in two steps, for keys that cannot leave where they are: what is to be signed goes out, a signature comes in.
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import type { Outcome } from '../grammar/command.js';
import type { OptionName, OptionValues } from '../grammar/options.js';
import { writeFile } from '../io/output.js';

/** True when only the first step is asked for. */
export function isFirstStep(options: OptionValues): boolean {
  return options['digest-out'] !== undefined || options['message-out'] !== undefined;
}

/** Throws USAGE_VALUE when an option of the second step is given to the first, which would not look at it. */
export function refuseWith(options: OptionValues, ...names: readonly OptionName[]): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  const expected = 'not to be given together with --digest-out or --message-out, which sign nothing';
  throw new MotteError('USAGE_VALUE', { field: `--${given}`, expected });
}

/** Writes what the holder of the key is to sign: the digest alone, for `pkeyutl`; the bytes, for whoever hashes. */
export function toSign(
  digest: Uint8Array,
  message: Uint8Array,
  algorithm: string,
  options: OptionValues,
): Outcome {
  const { 'digest-out': digestPath, 'message-out': messagePath } = options;
  if (digestPath !== undefined) writeFile(digestPath, digest);
  if (messagePath !== undefined) writeFile(messagePath, message);
  const result = {
    algorithm,
    digest: toHex(digest),
    digestPath: digestPath ?? null,
    messagePath: messagePath ?? null,
  };
  return { result, text: `${result.digest}\n` };
}
