// SPDX-License-Identifier: Apache-2.0
import { measureKeystoneV1 } from '@motte/measure/keystone-v1';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { withFiles } from '../io/files.js';
import { digestOutcome } from '../measure/outcome.js';

/** `motte measure keystone-v1 --runtime F --eapp F`, with the SDK's defaults for the untrusted buffer. */
export function run({ options }: Input): Outcome {
  const paths = { runtime: needed(options.runtime, 'runtime'), eapp: needed(options.eapp, 'eapp') };
  return withFiles(paths, (files) =>
    digestOutcome({ tee: 'keystone', profile: '2022', files }, options, (onStep) =>
      measureKeystoneV1(files, { onStep }),
    ),
  );
}
