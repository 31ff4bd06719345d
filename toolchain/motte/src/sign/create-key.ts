// SPDX-License-Identifier: Apache-2.0
import { needed } from '../grammar/needed.js';
import type { Outcome } from '../grammar/command.js';
import type { OptionValues } from '../grammar/options.js';
import { openOutput } from '../io/output.js';
import type { Output } from '../io/output.js';

/** A key that was made. */
export interface NewKey {
  /** What is kept; wiped when it is written. */
  readonly secret: Uint8Array;
  /** What others may know; a symmetric key has none. */
  readonly publicKey?: Uint8Array;
  /** How the key is known, by the name of each digest. */
  readonly digests: Readonly<Record<string, string>>;
}

/**
 * Makes a key and writes it: mode 0600, never over another key without `--force`, with `--public` also its public
 * half. The outputs are opened first: a key may take seconds to make, and a file that is there is refused before.
 */
export function createKey(options: OptionValues, make: () => NewKey): Outcome {
  const path = needed(options.output, 'output');
  const keep = options.force !== true;
  const outputs: Output[] = [openOutput(path, { mode: 0o600, keep })];
  try {
    if (options.public !== undefined) outputs.push(openOutput(options.public, { keep }));
    const [secretOutput, publicOutput] = outputs;
    const { secret, publicKey, digests } = make();
    secretOutput?.write(secret);
    secret.fill(0);
    if (publicKey !== undefined) publicOutput?.write(publicKey);
    for (const output of outputs) output.commit();
    const text = Object.values(digests).map((digest) => `${digest}\n`);
    return { result: { path, public: options.public ?? null, ...digests }, text: text.join('') };
  } finally {
    for (const output of outputs) output.abandon();
  }
}
