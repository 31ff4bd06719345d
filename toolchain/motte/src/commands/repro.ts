// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { attribute } from '@motte/repro/attribute';
import { compareTrees } from '@motte/repro/compare';
import { repro } from '@motte/repro/repro';
import type { Report, ReproOptions } from '@motte/repro/repro';
import { matcher } from '@motte/repro/tree';
import { VARIATIONS } from '@motte/repro/variation';
import type { Variation } from '@motte/repro/variation';
import type { Input, Outcome } from '../grammar/command.js';
import type { OptionValues } from '../grammar/options.js';
import { readText } from '../io/file.js';
import { say } from '../io/stdout.js';
import { reportText, variationLines } from '../repro/text.js';
import { shimProject } from '../repro/shim.js';

function variation(name: string): Variation {
  const known = VARIATIONS.find((one) => one === name);
  if (known !== undefined) return known;
  throw new MotteError('USAGE_VALUE', { field: '--without', expected: VARIATIONS.join(', '), found: name });
}

function compared(words: readonly string[], options: OptionValues): Report {
  const [first, second] = words;
  if (first === undefined || second === undefined)
    throw new MotteError('USAGE_ARGUMENTS', { field: '--compare', expected: 'two files or two folders' });
  const { files, differences } = compareTrees(first, second, matcher(options.except ?? []));
  return {
    same: differences.length === 0,
    files,
    builds: 0,
    variations: [],
    differences: differences.map((one) => ({
      ...one,
      ...attribute(one, { alone: undefined, by: [], rebuilt: false }),
      by: [],
    })),
  };
}

async function project(words: readonly string[], options: OptionValues): Promise<ReproOptions> {
  const [target, second] = words;
  if (second !== undefined)
    throw new MotteError('USAGE_ARGUMENTS', { field: second, expected: 'one TARGET; --compare takes two' });
  if (options.build === undefined) return shimProject(target === undefined ? '' : readText(target));
  if (options.artifact === undefined)
    throw new MotteError('USAGE_ARGUMENTS', { field: '--artifact', expected: 'what the build makes' });
  return {
    root: target ?? '.',
    build: options.build,
    prepare: options.prepare,
    artifacts: options.artifact,
    also: options.also ?? [],
  };
}

async function built(words: readonly string[], options: OptionValues): Promise<Report> {
  const told = {
    except: options.except ?? [],
    without: (options.without ?? []).map(variation),
    node: options.node,
    built: options.built === true,
    bisect: options.bisect,
    onBuild: (what: string) => say(`motte: building ${what}`),
  };
  try {
    return await repro({ ...(await project(words, options)), ...told });
  } catch (error) {
    // The end of the build's own output is worth more than the line that says that it failed.
    if (error instanceof MotteError && error.code === 'REPRO_BUILD' && error.cause instanceof Error)
      say(error.cause.message);
    throw error;
  }
}

/** `motte repro [TARGET]` */
export async function run({ options, words }: Input): Promise<Outcome> {
  const report = options.compare === true ? compared(words, options) : await built(words, options);
  for (const line of variationLines(report.variations)) say(`motte: ${line}`);
  return { result: report, text: reportText(report), exit: report.same ? 0 : 1 };
}
