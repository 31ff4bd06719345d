// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { measureSgx } from '@motte/measure/sgx';
import type { OnStep } from '@motte/measure/transcript';
import { planTotals } from '@motte/plan/totals';
import type { Input, Outcome } from '../grammar/command.js';
import { readSmall } from '../io/file.js';
import { openOutput } from '../io/output.js';
import { bytesDigest, sourceDigest } from '../keep/digest.js';
import { prepare } from '../keep/prepare.js';
import type { Prepared } from '../keep/prepare.js';
import { fixedSettings } from '../keep/settings.js';
import { transcript } from '../measure/transcript.js';
import { VERSION } from '../version.js';

function measure({ plan }: Prepared, sgxs: string | undefined, onStep: OnStep | undefined): string {
  if (sgxs === undefined) return toHex(measureSgx(plan, { onStep }));
  const output = openOutput(sgxs);
  try {
    const digest = measureSgx(plan, { stream: (bytes) => output.write(bytes), onStep });
    output.commit();
    return toHex(digest);
  } finally {
    output.abandon();
  }
}

/** `motte measure sgx FILE [--sgxs FILE] [--transcript]` */
export async function run({ options, words: [file = ''] }: Input): Promise<Outcome> {
  const prepared = await prepare(file, options, fixedSettings(options, file));
  try {
    const { kind, profile, plan, inputs, keep } = prepared;
    const told = transcript(options);
    const measurement = measure(prepared, options.sgxs, told.onStep);
    told.end();
    const text = `${measurement}\n`;
    if (options.json !== true) return { result: undefined, text };
    return {
      result: {
        tee: plan.tee,
        kind,
        profile,
        version: VERSION,
        measurement,
        config: keep === undefined ? null : { digest: bytesDigest(keep.config), blob: toHex(keep.config) },
        pages: planTotals(plan),
        inputs: [
          ...inputs.map(({ role, file: one }) => ({ role, path: one.path, sha256: sourceDigest(one) })),
          ...(options.config === undefined
            ? []
            : [{ role: 'config', path: options.config, sha256: bytesDigest(readSmall(options.config)) }]),
        ],
        ...(told.steps === undefined ? {} : { transcript: told.steps }),
      },
      text,
    };
  } finally {
    prepared.close();
  }
}
