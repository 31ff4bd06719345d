// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { measureSnp } from '@motte/measure/snp';
import { readSnpPageLists } from '@motte/measure/snp-page-lists';
import { KEEP_OPTIONS } from '../grammar/keep-options.js';
import { SEV_OPTIONS } from '../grammar/sev-options.js';
import type { Input, Outcome } from '../grammar/command.js';
import type { OptionName, OptionValues } from '../grammar/options.js';
import { looksLikeIgvm } from '../keep/kind.js';
import { igvmOutcome } from '../measure/igvm.js';
import { keepOutcome, launchDigest } from '../measure/keep.js';
import { pageListsOutcome } from '../measure/page-lists.js';
import { sevOutcome } from '../measure/sev.js';

/** What is measured, and the options that belong to something else. */
const STRANGERS = {
  FILE: [...SEV_OPTIONS, 'pages', 'name'],
  pages: [...SEV_OPTIONS, ...KEEP_OPTIONS],
  guest: [...KEEP_OPTIONS, 'name'],
  igvm: [
    ...KEEP_OPTIONS.filter((name) => name !== 'as'),
    ...SEV_OPTIONS.filter((name) => name !== 'vmm-type' && name !== 'vcpus'),
    'pages',
    'name',
  ],
} as const satisfies Readonly<Record<string, readonly OptionName[]>>;

const KEEP: readonly string[] = KEEP_OPTIONS;

function refuseStrangers(what: keyof typeof STRANGERS, options: OptionValues): void {
  const given = STRANGERS[what].find((name) => options[name] !== undefined);
  if (given === undefined) return;
  const own = KEEP.includes(given)
    ? 'a program or a plan'
    : given === 'name'
      ? '--pages'
      : given === 'pages'
        ? 'no FILE'
        : 'neither FILE nor --pages';
  throw new MotteError('USAGE_VALUE', { field: `--${given}`, expected: `it with ${own}` });
}

/** `motte measure snp FILE`, `motte measure snp FILE.igvm [--vmm-type LOADER] [--vcpus N]`, `motte measure snp --ovmf FILE --vcpus N …`, `motte measure snp --pages LIST.json [--name NAME]` */
export function run({ options, words: [file] }: Input): Promise<Outcome> | Outcome {
  const { pages } = options;
  if (file !== undefined && (options.as === 'igvm' || (options.as === undefined && looksLikeIgvm(file)))) {
    refuseStrangers('igvm', options);
    return igvmOutcome(file, options);
  }
  refuseStrangers(file !== undefined ? 'FILE' : pages === undefined ? 'guest' : 'pages', options);
  if (file !== undefined) return keepOutcome(file, options, 'snp', launchDigest);
  if (pages === undefined) return sevOutcome('snp', options);
  return pageListsOutcome(pages, options, {
    tee: 'snp',
    read: readSnpPageLists,
    measure: ({ plan }, onStep) => measureSnp(plan, { onStep }),
  });
}
