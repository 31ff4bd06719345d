// SPDX-License-Identifier: Apache-2.0
import type { SpecsOf } from './options.js';

/** What only `repro` takes. */
export interface ReproOptionValues {
  readonly also?: readonly string[];
  readonly artifact?: readonly string[];
  readonly bisect?: true;
  readonly build?: string;
  readonly built?: true;
  readonly compare?: true;
  readonly except?: readonly string[];
  readonly node?: string;
  readonly prepare?: string;
  readonly without?: readonly string[];
}

/** The options of `repro`, in the order of its help. */
export const REPRO_OPTIONS: SpecsOf<ReproOptionValues> = {
  build: { type: 'text', value: 'COMMAND', doc: 'how TARGET is built; run by sh in a copy of it' },
  artifact: { type: 'list', value: 'PATH', doc: 'a file or folder that the build makes; it is compared' },
  prepare: {
    type: 'text',
    value: 'COMMAND',
    doc: 'run before each build, with the true clock: what brings dependencies over the network',
  },
  also: { type: 'list', value: 'PATH', doc: 'copy this as well, which git does not track: node_modules' },
  except: {
    type: 'list',
    value: 'PATTERN',
    doc: 'files that do not count: * within a name, ** across folders',
  },
  without: { type: 'list', value: 'VARIATION', doc: 'leave a variation out: clock, user …' },
  node: { type: 'text', value: 'FILE', doc: 'another version of Node, for the second build' },
  built: { type: 'flag', doc: 'what TARGET has built already is the first build' },
  bisect: {
    type: 'flag',
    doc: 'on a difference build again with one variation at a time, however long it takes; quick builds are anyway',
  },
  compare: { type: 'flag', doc: 'build nothing: compare TARGET with SECOND, two files or folders' },
};

/** Their names. */
export const REPRO_NAMES = Object.keys(REPRO_OPTIONS) as readonly (keyof ReproOptionValues)[];
