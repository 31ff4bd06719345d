// SPDX-License-Identifier: Apache-2.0
import { initText } from '@motte/config/keep-schema';
import type { Input, Outcome } from '../grammar/command.js';
import { writeFile } from '../io/output.js';
import { say } from '../io/stdout.js';

/** `motte init`: never overwrites without `--force`. */
export function run({ options }: Input): Outcome {
  const path = options.output ?? 'Keep.toml';
  const content = initText();
  if (path === '-') return { result: { path, content }, text: content };
  writeFile(path, content, { keep: options.force !== true });
  if (options.json !== true) say(`wrote ${path}`);
  return { result: { path, content }, text: '' };
}
