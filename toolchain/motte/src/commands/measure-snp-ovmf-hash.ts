// SPDX-License-Identifier: Apache-2.0
import type { Input, Outcome } from '../grammar/command.js';
import { sevOutcome } from '../measure/sev.js';

/** `motte measure snp:ovmf-hash --ovmf FILE …` */
export function run({ options }: Input): Outcome {
  return sevOutcome('snp:ovmf-hash', options);
}
