// SPDX-License-Identifier: Apache-2.0
import type { Input, Outcome } from '../grammar/command.js';
import { keepOutcome, launchDigest } from '../measure/keep.js';

/** `motte measure kvm FILE` */
export function run({ options, words: [file = ''] }: Input): Promise<Outcome> {
  return keepOutcome(file, options, 'kvm', launchDigest);
}
