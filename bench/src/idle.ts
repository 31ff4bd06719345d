// SPDX-License-Identifier: Apache-2.0
// What a Keep that sleeps takes of the machine's memory, and how many there would be room for.
import { load } from '@motte/loader/index';
import type { Keep } from '@motte/loader/index';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepared } from './keep.js';
import type { Benchmark, Outcome } from './outcome.js';
import { built } from './programs.js';
import { row } from './stats.js';

const KEEPS = 40;

/** A field of a file of /proc whose lines are `name: N kB`, in bytes. */
function field(file: string, name: string): number {
  const kb = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
  if (kb === undefined) throw new Error(`${file}: no ${name}`);
  return Number(kb) * 1024;
}

async function run(): Promise<Outcome> {
  const image = prepared({ path: built('idle') });
  const keeps: Keep[] = [];
  try {
    for (let i = 0; i < KEEPS; i++) {
      const keep = await load(image, { backend: 'sgx', emulate: true, stdio: ['ignore', 'pipe', 'inherit'] });
      keeps.push(keep);
      if (keep.stdout !== null) await once(keep.stdout, 'data');
    }
    await sleep(200);
    const rollup = (name: string): number[] =>
      keeps.map(({ pid }) => field(`/proc/${pid}/smaps_rollup`, name));
    const shares = rollup('Pss');
    const cpu = keeps.map(({ pid }) =>
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).join(' '),
    );
    await sleep(1000);
    const later = keeps.map(({ pid }) =>
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).join(' '),
    );
    const awake = cpu.filter((ticks, i) => ticks !== later[i]).length;
    return {
      rows: [
        row('RSS of an idle Keep', 'bytes', rollup('Rss')),
        row(`PSS: of what ${KEEPS} have in common, a share each`, 'bytes', shares),
      ],
      goals: [
        {
          what: 'CPU time of idle Keeps in a second',
          goal: 'none',
          found: `${awake} of ${KEEPS} ran`,
          met: awake === 0,
        },
      ],
      notes: [
        `Room for ${Math.floor(totalmem() / Math.max(...shares))} such Keeps in the machine’s ${Math.round(totalmem() / 2 ** 30)} GiB: a program of 0.8 MiB linked with glibc, 256 MiB of heap of which it uses little. The loader’s own process, Node.js, is not counted; one can have many Keeps.`,
      ],
    };
  } finally {
    for (const keep of keeps) keep.abort();
    await Promise.all(keeps.map(async (keep) => keep.exited));
    image.close();
  }
}

export const idle: Benchmark = { name: 'idle', title: 'Keeps that sleep', run };
