// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { measureSnp } from '@motte/measure/snp';
import { readSnpPageLists } from '@motte/measure/snp-page-lists';
import { SEV_OPTIONS } from '../grammar/sev-options.js';
import type { Input, Outcome } from '../grammar/command.js';
import { pageListsOutcome } from '../measure/page-lists.js';
import { sevOutcome } from '../measure/sev.js';

/** `motte measure snp --ovmf FILE --vcpus N …`, or `--pages LIST.json [--name NAME]` */
export function run({ options }: Input): Outcome {
  const { pages } = options;
  const strangers = pages === undefined ? (['name'] as const) : SEV_OPTIONS;
  for (const name of strangers)
    if (options[name] !== undefined) {
      const expected = pages === undefined ? 'it beside --pages' : 'it not beside --pages';
      throw new MotteError('USAGE_VALUE', { field: `--${name}`, expected });
    }
  if (pages === undefined) return sevOutcome('snp', options);
  return pageListsOutcome(pages, options, {
    tee: 'snp',
    read: readSnpPageLists,
    measure: ({ plan }, onStep) => measureSnp(plan, { onStep }),
  });
}
