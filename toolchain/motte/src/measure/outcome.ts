// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import type { OnStep } from '@motte/measure/transcript';
import type { Outcome } from '../grammar/command.js';
import type { OptionValues } from '../grammar/options.js';
import type { InputFile } from '../io/file.js';
import { sourceDigest } from '../keep/digest.js';
import { VERSION } from '../version.js';
import { transcript } from './transcript.js';

/** A file that was measured, as `--json` tells of it. */
export interface MeasuredInput {
  readonly role: string;
  readonly path: string;
  readonly sha256: string;
}

/** What went into a measurement. */
export function inputsOf(files: Readonly<Record<string, InputFile>>): MeasuredInput[] {
  return Object.entries(files).map(([role, file]) => ({ role, path: file.path, sha256: sourceDigest(file) }));
}

/** What is said of a measurement beside its digest. */
export interface Measured {
  readonly tee: string;
  /** The version of a format, or whose way of launching it is. */
  readonly profile: string;
  /** The files that were measured, by role. */
  readonly files: Readonly<Record<string, InputFile>>;
}

/** A measurement that is one digest: hex alone, or with all that it was made of; `measure` tells of its steps. */
export function digestOutcome(
  { tee, profile, files }: Measured,
  options: OptionValues,
  measure: (onStep: OnStep | undefined) => Uint8Array,
): Outcome {
  const told = transcript(options);
  const measurement = toHex(measure(told.onStep));
  told.end();
  const text = `${measurement}\n`;
  if (options.json !== true) return { result: undefined, text };
  const steps = told.steps === undefined ? {} : { transcript: told.steps };
  return { result: { tee, profile, version: VERSION, measurement, inputs: inputsOf(files), ...steps }, text };
}
