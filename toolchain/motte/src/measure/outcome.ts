// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import type { Outcome } from '../grammar/command.js';
import type { InputFile } from '../io/file.js';
import { sourceDigest } from '../keep/digest.js';
import { VERSION } from '../version.js';

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

/** A measurement that is one digest: hex alone, or with all that it was made of. */
export function digestOutcome(
  digest: Uint8Array,
  tee: string,
  profile: string,
  files: Readonly<Record<string, InputFile>>,
  json: true | undefined,
): Outcome {
  const measurement = toHex(digest);
  const text = `${measurement}\n`;
  if (json !== true) return { result: undefined, text };
  return { result: { tee, profile, version: VERSION, measurement, inputs: inputsOf(files) }, text };
}
