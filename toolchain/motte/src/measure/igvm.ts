// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { nearest } from '@motte/config/nearest';
import { igvmLaunch } from '@motte/igvm/launch';
import type { IgvmLaunch } from '@motte/igvm/launch';
import { IGVM_LOADERS } from '@motte/igvm/loaders';
import type { IgvmLoader } from '@motte/igvm/loaders';
import { readIgvm } from '@motte/igvm/read';
import { measureSnp } from '@motte/measure/snp';
import { verifyP384 } from '@motte/sign/snp/ecdsa-node';
import { checkIdBlock } from '@motte/sign/snp/verify';
import type { Outcome } from '../grammar/command.js';
import type { OptionValues } from '../grammar/options.js';
import { withFiles } from '../io/files.js';
import { say } from '../io/stdout.js';
import { idText } from '../sign/snp.js';
import type { IdText } from '../sign/snp.js';
import { numberOption } from '../sign/values.js';
import { VERSION } from '../version.js';
import { inputsOf } from './outcome.js';
import { transcript } from './transcript.js';

const NAMES = Object.keys(IGVM_LOADERS);

/** Who launches, by `--vmm-type`; without it QEMU. Throws USAGE_VALUE. */
export function igvmLoader({ 'vmm-type': given = 'QEMU' }: OptionValues): IgvmLoader {
  const loader = Object.values(IGVM_LOADERS).find(({ name }) => name.toLowerCase() === given.toLowerCase());
  if (loader !== undefined) return loader;
  const near = nearest(given, NAMES);
  throw new MotteError('USAGE_VALUE', {
    field: '--vmm-type',
    expected: `for an IGVM file one of ${NAMES.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`,
    found: given,
  });
}

/** What an ID block says, and what firmware would refuse it for at this launch. */
interface IdentityText extends IdText {
  readonly failed: string | null;
}

function identityText({ identity }: IgvmLaunch, measurement: string): IdentityText | null {
  if (identity === undefined) return null;
  const { block, auth } = identity;
  const { failed } = checkIdBlock(block, auth, verifyP384);
  const text = idText(block, auth);
  return { ...text, failed: failed ?? (text.measurement === measurement ? null : 'measurement') };
}

/** `motte measure snp FILE.igvm [--vmm-type LOADER] [--vcpus N]`; exit 1 when firmware would refuse its ID block. */
export function igvmOutcome(path: string, options: OptionValues): Outcome {
  const loader = igvmLoader(options);
  const vcpus =
    options.vcpus === undefined ? {} : { vcpus: Number(numberOption(options.vcpus, 'vcpus', 32)) };
  return withFiles({ igvm: path }, (files) => {
    const launch = igvmLaunch(readIgvm(files.igvm), loader, vcpus);
    const told = transcript(options);
    const measurement = toHex(measureSnp(launch.plan, { onStep: told.onStep }));
    told.end();
    const idBlock = identityText(launch, measurement);
    const failed = idBlock?.failed ?? null;
    if (options.json !== true) {
      const others = NAMES.filter((name) => name !== loader.name).join(', ');
      say(`motte: as ${loader.name} launches it; other loaders (--vmm-type): ${others}`);
      if (failed !== null) say(`motte: firmware would refuse the ID block of the file: ${failed}`);
    }
    return {
      result: {
        tee: 'snp',
        kind: 'igvm',
        profile: loader.name,
        version: VERSION,
        measurement,
        vcpus: launch.vcpus,
        policy: launch.policy === undefined ? null : `0x${launch.policy.toString(16)}`,
        idBlock,
        inputs: inputsOf(files),
        ...(told.steps === undefined ? {} : { transcript: told.steps }),
      },
      text: `${measurement}\n`,
      ...(failed === null ? {} : { exit: 1 }),
    };
  });
}
