// SPDX-License-Identifier: Apache-2.0
import type { Hasher } from './hash.js';

/** One step of a measurement. */
export interface Step {
  /** What is measured, in the words of the TEE's manual, then its numbers: `EADD 0x1000 reg rw-`. */
  readonly step: string;
  /** The digest as it would be if this step were the last. The reader owns it. */
  readonly digest: Uint8Array;
}

/** Is told of every step of a measurement, in order. */
export type OnStep = (step: Step) => void;

/** Tells of steps of a hash that takes in all of them, one after another; nothing is computed when nobody listens. */
export function stepsOf(hasher: Hasher, onStep: OnStep | undefined): (step: () => string) => void {
  if (onStep === undefined) return () => {};
  return (step) => onStep({ step: step(), digest: hasher.peek() });
}
