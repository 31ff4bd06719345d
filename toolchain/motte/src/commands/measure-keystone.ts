// SPDX-License-Identifier: Apache-2.0
import { measureKeystone } from '@motte/measure/keystone';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { withFiles } from '../io/files.js';
import { digestOutcome } from '../measure/outcome.js';

/** `motte measure keystone --loader F --runtime F --eapp F` */
export function run({ options }: Input): Outcome {
  const paths = {
    loader: needed(options.loader, 'loader'),
    runtime: needed(options.runtime, 'runtime'),
    eapp: needed(options.eapp, 'eapp'),
  };
  return withFiles(paths, (files) =>
    digestOutcome({ tee: 'keystone', profile: 'current', files }, options, (onStep) =>
      measureKeystone(files, { onStep }),
    ),
  );
}
