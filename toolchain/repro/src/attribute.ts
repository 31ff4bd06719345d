// SPDX-License-Identifier: Apache-2.0
import type { FileDifference } from './compare.js';
import type { Cause, Variation } from './variation.js';

/** What building again has shown of one file. */
export interface Evidence {
  /** Whether two builds in the same environment differ in it; undefined when that was not tried. */
  readonly alone: FileDifference | undefined;
  /** The variations each of which makes it differ when it is the only one. */
  readonly by: readonly Variation[];
  /** Whether builds were made to find out. */
  readonly rebuilt: boolean;
}

/** Why a file differs, and how that is known. */
export interface Verdict {
  readonly cause: Cause;
  /** In words, for the report. */
  readonly because: string;
}

/** Of several variations that change a file the one that says most: HOME is another one for another user, too. */
const PREFERENCE: readonly Variation[] = ['path', 'environment'];

function looks(difference: FileDifference | undefined): Cause | undefined {
  return difference?.kind === 'content' ? difference.place.looks : undefined;
}

/** Names the cause: by what rebuilding has shown where that was done, else by what the difference looks like. */
export function attribute(difference: FileDifference, { alone, by, rebuilt }: Evidence): Verdict {
  if (!rebuilt) {
    const cause = looks(difference);
    if (cause !== undefined) return { cause, because: `it looks like ${cause}` };
    return { cause: 'unknown', because: 'it looks like none of the causes that are known by sight' };
  }
  if (alone !== undefined) {
    const cause = looks(alone);
    const because = 'it differs between two builds in the same environment';
    // Time goes on between two builds, whatever environment they are in; so do races of jobs.
    if (cause === 'mtime' || cause === 'clock' || cause === 'build-id' || cause === 'compiler')
      return { cause, because: `${because}, and looks like ${cause}` };
    return { cause: 'random', because };
  }
  const first = PREFERENCE.find((name) => by.includes(name)) ?? by[0];
  if (first !== undefined) {
    return {
      cause: looks(difference) === 'mtime' && first === 'clock' ? 'mtime' : first,
      because: `it differs when only ${by.join(', or only ')} is varied`,
    };
  }
  return { cause: 'unknown', because: 'it differs only when several variations come together' };
}
