// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import type { ByteSource } from '@motte/binary/source';
import { nearest } from '@motte/config/nearest';
import type { OnStep } from '@motte/measure/transcript';
import { dirname, resolve } from 'node:path';
import type { Outcome } from '../grammar/command.js';
import type { OptionValues } from '../grammar/options.js';
import { openFile } from '../io/file.js';
import type { InputFile } from '../io/file.js';
import { readJson } from '../io/json.js';
import { VERSION } from '../version.js';
import { inputsOf } from './outcome.js';
import { transcript } from './transcript.js';

/** How a TEE's lists are read and measured. */
export interface PageListMeasure<L> {
  readonly tee: string;
  readonly read: (json: unknown, open: (name: string) => ByteSource) => readonly L[];
  readonly measure: (list: L, onStep: OnStep | undefined) => Uint8Array;
}

function chosen<L extends { readonly name: string }>(
  lists: readonly L[],
  name: string | undefined,
): readonly L[] {
  if (name === undefined) return lists;
  const found = lists.filter((list) => list.name === name);
  if (found.length > 0) return found;
  const near = nearest(
    name,
    lists.map((list) => list.name),
  );
  throw new MotteError('USAGE_VALUE', {
    field: '--name',
    expected: `a list of the file${near === undefined ? '' : `; did you mean ${near}?`}`,
    found: JSON.stringify(name),
  });
}

/** Steps of one list among several carry its name. */
function named(onStep: OnStep | undefined, name: string, several: boolean): OnStep | undefined {
  if (onStep === undefined || !several) return onStep;
  return ({ step, digest }) => onStep({ step: `${name}: ${step}`, digest });
}

/**
 * `--pages LIST.json [--name NAME]`: the digest of one list alone; of several a line `NAME  DIGEST` each. The file
 * with the bytes is where the JSON says, seen from the JSON.
 */
export function pageListsOutcome<L extends { readonly name: string }>(
  path: string,
  options: OptionValues,
  { tee, read, measure }: PageListMeasure<L>,
): Outcome {
  const files: Record<string, InputFile> = { pages: openFile(path) };
  try {
    const open = (name: string): ByteSource => (files['pool'] = openFile(resolve(dirname(path), name)));
    const lists = chosen(read(readJson(path, 'PAGE_LIST'), open), options.name);
    const told = transcript(options);
    const measured = lists.map((list) => {
      const digest = measure(list, named(told.onStep, list.name, lists.length > 1));
      return { name: list.name, measurement: toHex(digest) };
    });
    told.end();
    const [first] = measured;
    const single = first !== undefined && measured.length === 1 ? first : undefined;
    const text = single?.measurement ?? measured.map((one) => `${one.name}  ${one.measurement}`).join('\n');
    if (options.json !== true) return { result: undefined, text: `${text}\n` };
    const result = {
      tee,
      profile: 'pages',
      version: VERSION,
      ...(single === undefined
        ? { lists: measured }
        : { list: single.name, measurement: single.measurement }),
      inputs: inputsOf(files),
      ...(told.steps === undefined ? {} : { transcript: told.steps }),
    };
    return { result, text: `${text}\n` };
  } finally {
    for (const file of Object.values(files)) file.close();
  }
}
