// SPDX-License-Identifier: Apache-2.0
import { readSevChain, verifySevChain } from '@motte/sign/sev/chain-node';
import type { SevChain } from '@motte/sign/sev/chain-node';
import { MEASURE } from '@motte/sign/sev/owner';
import { verifyLaunch } from '@motte/sign/sev/session';
import { needed } from '../grammar/needed.js';
import type { OptionValues } from '../grammar/options.js';
import { readSmall } from '../io/file.js';
import { hexOption, numberOption, readBinary } from '../sign/values.js';

/** The certificates of the platform, verified up to the ARK that is among them. Throws SEV_CHAIN. */
export function chainFrom(options: OptionValues): SevChain {
  const chain = readSevChain(needed(options.chain, 'chain').map((path) => readSmall(path)));
  verifySevChain(chain);
  return chain;
}

/** The guest's policy, as LAUNCH_START has it. */
export function policyOf({ policy }: OptionValues): number {
  return Number(numberOption(policy, 'policy', 32));
}

/** What a platform has proved. */
export interface VerifiedLaunch {
  readonly tik: Uint8Array;
  readonly measure: Uint8Array;
  readonly digest: Uint8Array;
}

/** Verifies LAUNCH_MEASURE's answer against what was to be launched. Throws SEV_LAUNCH. */
export function verifiedLaunch(options: OptionValues): VerifiedLaunch {
  const number = (name: 'api-major' | 'api-minor' | 'build-id'): number =>
    Number(numberOption(options[name], name, 8));
  const answer = MEASURE.read(readBinary(needed(options['launch-measure'], 'launch-measure'), MEASURE.size));
  const tik = readSmall(needed(options.tik, 'tik'));
  const digest = hexOption(options.measurement, 'measurement', 32);
  const launch = {
    tik,
    apiMajor: number('api-major'),
    apiMinor: number('api-minor'),
    build: number('build-id'),
    policy: policyOf(options),
    digest,
    mnonce: answer.mnonce,
  };
  verifyLaunch(launch, answer.measure);
  return { tik, measure: answer.measure, digest };
}
