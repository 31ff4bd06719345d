// SPDX-License-Identifier: Apache-2.0
import { keepSchema } from '@motte/config/keep-schema';
import type { Outcome } from '../grammar/command.js';

/** `motte schema keep` */
export function run(): Outcome {
  const schema = keepSchema();
  return { result: { schema }, text: `${JSON.stringify(schema, null, 2)}\n` };
}
