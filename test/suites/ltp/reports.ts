// SPDX-License-Identifier: Apache-2.0
// What a test of LTP says, as lines, and what a whole run of it comes to.

/** How one run of a test program ended. */
export interface Run {
  /** stdout and stderr. */
  readonly output: string;
  /** Exit status, or what ended it otherwise: a signal, the time limit, the shim. */
  readonly end: number | string;
}

/** Exit status of a test that our runner says cannot run in one process (runner.h, EXIT_UNSUPPORTED). */
const EXIT_UNSUPPORTED = 77;

const REPORT = /^(.*?\b(?:TPASS|TFAIL|TBROK|TWARN|TCONF))\s*:/;

/**
 * The reports of a run, sorted: place (file and line, or number in tests of the old library) and kind. What they say beyond
 * that has addresses and times in it. Sorted, as threads report in any order.
 */
export function reports(output: string): readonly string[] {
  const found = output.split('\n').flatMap((line) => {
    const place = REPORT.exec(line)?.[1];
    return place === undefined ? [] : [place.replaceAll(/\s+/g, ' ')];
  });
  return found.toSorted();
}

/** Why the runner refuses the test, if it does. */
export function refusal(run: Run): string | undefined {
  return run.end === EXIT_UNSUPPORTED ? /^unsupported: (.*)$/m.exec(run.output)?.[1] : undefined;
}

/** It says itself that all is well: tests of the old library may say so by their exit status alone. */
export function passes(run: Run): boolean {
  return run.end === 0 && !reports(run.output).some((line) => /(?:TFAIL|TBROK|TWARN)$/.test(line));
}

/** In a line, what is wrong with a run that does not pass. */
export function complaint(run: Run): string {
  const lines = run.output.split('\n');
  const worst =
    lines.find((line) => /\b(?:TFAIL|TBROK)\s*:/.test(line)) ??
    lines.find((line) => /\bTWARN\s*:/.test(line)) ??
    lines.find((line) => /\bTCONF\s*:/.test(line));
  const ended = typeof run.end === 'string' ? run.end : `exit status ${run.end}`;
  return worst === undefined ? ended : worst.trim().replaceAll(/\s+/g, ' ').slice(0, 200);
}

/** The reports of `of` that `other` has not as often. */
function without(of: readonly string[], other: readonly string[]): readonly string[] {
  const rest = [...other];
  return of.filter((line) => {
    const at = rest.indexOf(line);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

/** A report that one run has and the other has not; undefined when they say the same. */
export function difference(native: Run, inside: Run): string | undefined {
  const [here, there] = [reports(native.output), reports(inside.output)];
  const [lost] = without(here, there);
  const [gained] = without(there, here);
  if (lost === undefined) return gained === undefined ? undefined : `inside also ${gained}`;
  return `natively ${lost}, inside ${gained ?? 'nothing more'}`;
}
