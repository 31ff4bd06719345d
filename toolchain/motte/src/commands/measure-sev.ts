// SPDX-License-Identifier: Apache-2.0
import type { Input, Outcome } from '../grammar/command.js';
import { sevOutcome } from '../measure/sev.js';

/** `motte measure sev --ovmf FILE …` */
export function run({ options }: Input): Outcome {
  return sevOutcome('sev', options);
}
