// SPDX-License-Identifier: Apache-2.0
// From `load` to the first instruction, and what a large heap adds to it.
import { emulatedBackend } from '@motte/loader/emulated/enclave';
import { launch as launchPlan } from '@motte/loader/launch';
import { configId } from '@motte/loader/load';
import { prepared, runPrepared } from './keep.js';
import type { KeepRun } from './keep.js';
import type { Benchmark, Outcome } from './outcome.js';
import { built } from './programs.js';
import { repeat, row } from './stats.js';

const RUNS = 25;
const MIB = 1n << 20n;
const GOAL_MS = 10;
/** "No more": what the best runs of one thing differ by on a shared machine. */
const NOISE = 1.1;

/** Milliseconds from the call of `load` until the first EENTER. */
function firstEntry({ loadMs, stats }: KeepRun): number {
  return loadMs + Math.max(0, stats.firstNs - stats.mapNs) / 1e6;
}

async function run(): Promise<Outcome> {
  const path = built('megabyte');
  const image = prepared({ path });
  const whole: number[] = [];
  const entered: number[] = [];
  const input = { sigstruct: image.sigstruct, configId: configId(image.config), base: 0n };
  const pages = await repeat(RUNS, () => launchPlan(image.plan, emulatedBackend(), input).close());
  for (let i = 0; i <= RUNS; i++) {
    const once = await runPrepared(image);
    // The first one warms up.
    if (i === 0) continue;
    whole.push(firstEntry(once));
    entered.push(once.stats.firstNs / 1e6);
  }
  image.close();

  const small = prepared({ path, memory: 64n * MIB });
  const large = prepared({ path, memory: 16n * 1024n * MIB });
  const heaps = { small: [] as number[], large: [] as number[] };
  for (let i = 0; i <= RUNS; i++) {
    const [one, other] = [await runPrepared(small), await runPrepared(large)];
    if (i === 0) continue;
    heaps.small.push(firstEntry(one));
    heaps.large.push(firstEntry(other));
  }
  small.close();
  large.close();

  const own = Math.min(...pages) + Math.min(...entered);
  const ratio = Math.min(...heaps.large) / Math.min(...heaps.small);
  return {
    rows: [
      row('ECREATE to EINIT: pages filled, checked, measured, signature verified', 'ms', pages),
      row('START to the first EENTER, in the helper', 'ms', entered),
      row('load() to the first EENTER, with the start of the helper', 'ms', whole),
      row('the same, heap of 64 MiB', 'ms', heaps.small),
      row('the same, heap of 16 GiB', 'ms', heaps.large),
    ],
    goals: [
      {
        what: 'load to first instruction of a 1 MiB exec, beyond the start of the helper',
        goal: `under ${GOAL_MS} ms`,
        found: `${own.toFixed(2)} ms (best runs)`,
        met: own < GOAL_MS,
      },
      {
        what: 'start-up with a heap of 16 GiB, of that with 64 MiB',
        goal: `no more (within ${Math.round((NOISE - 1) * 100)} %)`,
        found: `${ratio.toFixed(3)} (best runs)`,
        met: ratio <= NOISE,
      },
    ],
    notes: [
      'Planning, measuring and signing are before `load`; see `command` for what a user waits for in all.',
    ],
  };
}

export const launch: Benchmark = { name: 'launch', title: 'From load to the first instruction', run };
