// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import type { OnStep, Step } from '@motte/measure/transcript';
import type { OptionValues } from '../grammar/options.js';
import { print } from '../io/stdout.js';

/** A step as `--json` has it. */
export interface StepText {
  readonly step: string;
  readonly digest: string;
}

/** The steps of one measurement on their way out. */
export interface Transcript {
  /** Nothing when nobody asked, so that a measurement without a transcript pays nothing for one. */
  readonly onStep?: OnStep;
  /** The steps for `--json`; without `--json` each has been printed and none is kept. */
  readonly steps?: readonly StepText[];
  /** Prints what is still held back. */
  end(): void;
}

/** Lines that are printed at once. */
const BATCH = 512;
/** Steps that one JSON object can hold: a text of Node's ends at 512 MiB. */
const MOST_STEPS = 1 << 20;

function keep(steps: StepText[], { step, digest }: Step): void {
  if (steps.length === MOST_STEPS)
    throw new MotteError('USAGE_VALUE', {
      field: '--transcript',
      expected: `at most ${MOST_STEPS} steps beside --json; without it they are printed as they come`,
      found: 'more',
    });
  steps.push({ step, digest: toHex(digest) });
}

/** What `--transcript` asks for: a line `DIGEST STEP` each, or members of `--json`'s result. */
export function transcript({ transcript: wanted, json }: OptionValues): Transcript {
  if (wanted !== true) return { end() {} };
  if (json === true) {
    const steps: StepText[] = [];
    return {
      steps,
      onStep: (step) => keep(steps, step),
      end() {},
    };
  }
  let lines: string[] = [];
  const end = (): void => {
    print(lines.join(''));
    lines = [];
  };
  return {
    onStep({ step, digest }) {
      lines.push(`${toHex(digest)}  ${step}\n`);
      if (lines.length === BATCH) end();
    },
    end,
  };
}
