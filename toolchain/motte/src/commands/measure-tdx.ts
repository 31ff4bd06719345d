// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { TDX_PROFILES } from '@motte/measure/profiles/tdx';
import { measureTdx, mrtdOf } from '@motte/measure/tdx';
import { readTdxPageLists } from '@motte/measure/tdx-page-lists';
import { tdvfPlan } from '@motte/plan/tdx/plan';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import type { OptionName, OptionValues } from '../grammar/options.js';
import { withFiles } from '../io/files.js';
import { digestOutcome } from '../measure/outcome.js';
import { pageListsOutcome } from '../measure/page-lists.js';

/** Refuses an option that means nothing beside `--pages` or `--tdvf`. */
function refuse(options: OptionValues, name: OptionName, beside: OptionName): void {
  if (options[name] === undefined) return;
  const expected = `not beside --${beside}`;
  throw new MotteError('USAGE_VALUE', { field: `--${name}`, expected, found: 'both' });
}

function image(options: OptionValues): Outcome {
  const path = needed(options.tdvf, 'tdvf');
  refuse(options, 'name', 'tdvf');
  const profile = TDX_PROFILES[options.order === 'two-pass' ? 'two-pass' : 'page'];
  return withFiles({ tdvf: path }, (files) =>
    digestOutcome({ tee: 'tdx', profile: profile.name, files }, options, (onStep) =>
      measureTdx(tdvfPlan(files.tdvf, path), profile, { onStep }),
    ),
  );
}

/** `motte measure tdx --tdvf FILE [--order page|two-pass]`, or `--pages LIST.json [--name NAME]` */
export function run({ options }: Input): Outcome {
  if (options.pages === undefined) return image(options);
  refuse(options, 'tdvf', 'pages');
  refuse(options, 'order', 'pages');
  return pageListsOutcome(options.pages, options, {
    tee: 'tdx',
    read: readTdxPageLists,
    measure: ({ operations }, onStep) => mrtdOf(operations, { onStep }),
  });
}
