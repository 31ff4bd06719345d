// SPDX-License-Identifier: Apache-2.0
import { newSha256 } from '@motte/measure/hash';
import { planLines } from '@motte/plan/ndjson/write';
import { planTotals } from '@motte/plan/totals';
import type { Input, Outcome } from '../grammar/command.js';
import { writeFile } from '../io/output.js';
import { planTee, prepare } from '../keep/prepare.js';
import { fixedSettings } from '../keep/settings.js';

/** `motte plan FILE` */
export async function run({ options, words: [file = ''] }: Input): Promise<Outcome> {
  const tee = planTee(options.tee);
  const prepared = await prepare(file, options, fixedSettings(options, file), tee);
  try {
    const { kind, plan } = prepared;
    const runs = [...planLines(plan, newSha256)];
    const text = runs.map((line) => `${JSON.stringify(line)}\n`).join('');
    const result = {
      tee: plan.tee,
      kind,
      size: `0x${plan.size.toString(16)}`,
      pages: planTotals(plan),
      runs,
    };
    if (options.output === undefined || options.output === '-') return { result, text };
    writeFile(options.output, text);
    return { result, text: '' };
  } finally {
    prepared.close();
  }
}
