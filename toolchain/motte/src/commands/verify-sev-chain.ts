// SPDX-License-Identifier: Apache-2.0
import type { Input, Outcome } from '../grammar/command.js';
import { bytesDigest } from '../keep/digest.js';
import { lines } from '../measure/lines.js';
import { chainFrom } from '../sign/sev.js';

/** `motte verify sev-chain --chain F…`: genuine or not; whether the ARK and the OCA are the right ones is for the reader. */
export function run({ options }: Input): Outcome {
  const { ark, oca, pdh } = chainFrom(options);
  const { api_major: major, api_minor: minor } = pdh.values;
  const result = {
    arkDigest: bytesDigest(ark.signed),
    ocaDigest: bytesDigest(oca.signed),
    pdhDigest: bytesDigest(pdh.signed),
    rsaBits: 8 * ark.modulus.length,
    api: `${major}.${minor}`,
  };
  return { result, text: lines(result) };
}
