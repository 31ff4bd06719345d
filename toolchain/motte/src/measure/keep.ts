// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { measureSnp } from '@motte/measure/snp';
import type { OnStep } from '@motte/measure/transcript';
import { planTotals } from '@motte/plan/totals';
import { vmLaunchPlan } from '@motte/plan/vm/launch';
import type { Outcome } from '../grammar/command.js';
import type { OptionValues } from '../grammar/options.js';
import { readSmall } from '../io/file.js';
import { bytesDigest, sourceDigest } from '../keep/digest.js';
import { prepare } from '../keep/prepare.js';
import type { Prepared, PlanTee } from '../keep/prepare.js';
import { fixedSettings } from '../keep/settings.js';
import { VERSION } from '../version.js';
import { transcript } from './transcript.js';

/** The measurement of a Keep, hex alone or with all that it was made of; `measure` gives the digest of its plan. */
export async function keepOutcome(
  file: string,
  options: OptionValues,
  tee: PlanTee,
  measure: (prepared: Prepared, onStep: OnStep | undefined) => string,
): Promise<Outcome> {
  const prepared = await prepare(file, options, fixedSettings(options, file), tee);
  try {
    const { kind, profile, plan, inputs, keep } = prepared;
    const told = transcript(options);
    const measurement = measure(prepared, told.onStep);
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

/** The launch digest of a VM-based Keep. */
export function launchDigest({ plan }: Prepared, onStep: OnStep | undefined): string {
  return toHex(measureSnp(vmLaunchPlan(plan), { onStep }));
}
