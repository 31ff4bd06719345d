// SPDX-License-Identifier: Apache-2.0
// System calls of a Keep: by the direct entry and by SYSCALL, served by the shim and by the host.
import { inKeep } from './keep.js';
import type { Benchmark, Goal, Outcome, Row } from './outcome.js';
import { built, figures, native } from './programs.js';
import { median, row } from './stats.js';

const BATCHES = 40;
const ROUNDS = 5;

/** What the prototype needed on this machine, ../shared/FACTS.md, in nanoseconds. */
const PROTOTYPE: Readonly<Record<string, { readonly plain: number; readonly patched: number }>> = {
  'direct-host': { plain: 7300, patched: 1720 },
  'trapped-inside': { plain: 8960, patched: 3410 },
  'trapped-host': { plain: 16890, patched: 5450 },
};

/** What issue 5 asks of calls that stay inside, by the direct entry, in nanoseconds. */
const INSIDE_NS = 100;
const INSIDE: readonly string[] = ['direct-inside', 'direct-read', 'direct-futex'];

/** Times vary by up to twice between runs on this machine; below this a difference is noise. */
const NOISE = 1.15;

const TEXT: Readonly<Record<string, string>> = {
  'trapped-inside': 'getpid by SYSCALL, served by the shim',
  'trapped-read': 'read of 64 bytes of a file in memory by SYSCALL',
  'trapped-futex': 'futex wake without a waiter by SYSCALL',
  'direct-read': 'read of 64 bytes of a file in memory by the direct entry',
  'direct-futex': 'futex wake without a waiter by the direct entry',
  'trapped-clock': 'clock_gettime of CLOCK_MONOTONIC by SYSCALL',
  'trapped-host': 'clock_gettime of CLOCK_MONOTONIC_RAW by SYSCALL, a host call',
  'direct-inside': 'getpid by the direct entry, served by the shim',
  'direct-clock': 'clock_gettime of CLOCK_MONOTONIC by the direct entry',
  'direct-host': 'clock_gettime of CLOCK_MONOTONIC_RAW by the direct entry, a host call',
  'set-fs': 'arch_prctl(ARCH_SET_FS)',
  trap: 'UD2, its signal, and back',
};

async function samples(once: () => Promise<string>): Promise<Map<string, number[]>> {
  const all = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, value] of figures(await once())) all.set(name, [...(all.get(name) ?? []), value]);
  }
  return all;
}

async function run(): Promise<Outcome> {
  const path = built('calls');
  const args = [`${BATCHES}`];
  const modes = [
    { name: 'patched', once: async () => (await inKeep({ path, args })).output },
    { name: 'plain', once: async () => (await inKeep({ path, args, patch: false })).output },
    { name: 'natively', once: async () => native(path, ...args) },
  ] as const;
  const rows: Row[] = [];
  const goals: Goal[] = [];
  for (const { name: mode, once } of modes) {
    for (const [name, values] of await samples(once)) {
      rows.push(row(`${TEXT[name] ?? name} (${mode})`, 'ns', values));
      if (mode === 'patched' && INSIDE.includes(name)) {
        const found = Math.min(...values);
        goals.push({
          what: TEXT[name] ?? name,
          goal: `under ${INSIDE_NS} ns`,
          found: `${found.toFixed(0)} ns, median ${median(values).toFixed(0)}`,
          met: found < INSIDE_NS,
        });
      }
      const before = mode === 'natively' ? undefined : PROTOTYPE[name]?.[mode];
      if (before === undefined) continue;
      const best = Math.min(...values);
      goals.push({
        what: `${TEXT[name] ?? name} (${mode})`,
        goal: `no worse than the prototype's ${before} ns (within ${Math.round((NOISE - 1) * 100)} %)`,
        found: `${best.toFixed(0)} ns, median ${median(values).toFixed(0)}`,
        met: best <= before * NOISE,
      });
    }
  }
  return {
    rows,
    goals,
    notes: [
      'What the machine itself takes for a system call, for the FS base and for a trap is under (natively): emulation is made of those three.',
      'With --no-patch each ENCLU is a trap: what the machine takes for UD2 bounds it, and that differs from machine to machine more than anything else here.',
      `A run is ${BATCHES} batches of 200 calls and gives its best batch, timed by clock_gettime inside. "patched": the shim's listed sites are jumps, as by default; "plain": --no-patch. Met when the best run is within ${Math.round((NOISE - 1) * 100)} % (noise).`,
    ],
  };
}

export const calls: Benchmark = { name: 'calls', title: 'System calls of an emulated SGX Keep', run };
