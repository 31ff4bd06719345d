// SPDX-License-Identifier: Apache-2.0
// Host calls of a Keep on plain KVM, each by an exit and without (ADR 0032): one of them, a program that makes many, a server.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { load } from '@motte/loader/index';
import { program } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { inside, natively } from './echo.js';
import { Missing } from './outcome.js';
import type { Benchmark, Outcome, Row } from './outcome.js';
import { built, figures, native } from './programs.js';
import { row } from './stats.js';
import { checkKvm, prepared, preparedExec, runOnce } from './vm-keep.js';
import { PROTOTYPE_CALL_NS } from './vm.js';

const ROUNDS = 5;
const BATCHES = 20;
const TRANSACTIONS = 1000;
const WAYS = { 'by exits': false, 'where the host watches': true } as const;
type Way = keyof typeof WAYS;
const EACH = Object.entries(WAYS) as [Way, boolean][];
const FOLDER = tempFolder('motte-bench-switchless');
const LOADS = [
  { connections: 1, rounds: 2000 },
  { connections: 50, rounds: 100 },
] as const;

/** The samples of each way, in turns: a noisy neighbour slows both. */
async function inTurns<T>(once: (switchless: boolean) => Promise<T>): Promise<Record<Way, T[]>> {
  const found: Record<Way, T[]> = { 'by exits': [], 'where the host watches': [] };
  for (let i = 0; i < ROUNDS; i++)
    for (const [way, switchless] of EACH) found[way].push(await once(switchless));
  return found;
}

async function calling(): Promise<Outcome> {
  const image = prepared('calls', [`${BATCHES}`]);
  try {
    const found = await inTurns(async (switchless) => figures((await runOnce(image, { switchless })).output));
    const of = (way: Way, name: string): number[] => found[way].map((one) => one.get(name) ?? Number.NaN);
    const watched = Math.min(...of('where the host watches', 'trapped-host'));
    return {
      rows: [
        row('getpid, no host call', 'ns', of('by exits', 'trapped-inside')),
        ...EACH.map(([way]) =>
          row(`clock_gettime of CLOCK_MONOTONIC_RAW, ${way}`, 'ns', of(way, 'trapped-host')),
        ),
      ],
      goals: [
        {
          what: 'a host call, where the host watches',
          goal: `no worse than the prototype's ${PROTOTYPE_CALL_NS} ns`,
          found: `${watched.toFixed(0)} ns`,
          met: watched <= PROTOTYPE_CALL_NS,
        },
      ],
      notes: [],
    };
  } finally {
    image.close();
  }
}

async function storing(): Promise<Outcome> {
  if (!existsSync('/usr/include/sqlite3.h')) throw new Missing('SQLite: apt-get install libsqlite3-dev');
  const path = built('database', '-lsqlite3', '-lm');
  const files = [{ path: '/data', host: '', mode: 'rw' as const }];
  const image = preparedExec(path, ['/data/bench.db', `${TRANSACTIONS}`], { files });
  try {
    const found = await inTurns(async (switchless) => {
      const { output, stats } = await runOnce(image, { switchless, grants: { '/data': FOLDER } });
      return { values: figures(output), stats };
    });
    const own = Array.from({ length: ROUNDS }, () =>
      figures(native(path, join(FOLDER, 'native.db'), `${TRANSACTIONS}`)),
    );
    const steps = {
      query: 'index, two queries and an update',
      transaction: 'a transaction of one row',
    } as const;
    const rows = Object.entries(steps).flatMap(([step, what]): Row[] => [
      ...EACH.map(([way]) =>
        row(
          `SQLite on a file of the host: ${what}, ${way}`,
          'ms',
          found[way].map(({ values }) => (values.get(step) ?? Number.NaN) / 1e6),
        ),
      ),
      row(
        `SQLite: ${what}, natively`,
        'ms',
        own.map((values) => (values.get(step) ?? Number.NaN) / 1e6),
      ),
    ]);
    const last = found['where the host watches'].at(-1)?.stats;
    return {
      rows,
      goals: [],
      notes: [`SQLite makes ${last?.hostCalls} host calls, of which ${last?.switchless} take no exit.`],
    };
  } finally {
    image.close();
  }
}

async function serving(): Promise<Outcome> {
  const server = program('echo');
  if ('skipped' in server) throw new Missing(server.skipped);
  const client = built('load');
  const rows: Row[] = [];
  for (const { connections, rounds } of LOADS) {
    const found = await inTurns(async (switchless) => {
      const { rate } = await inside(
        async (args, config) => {
          const image = preparedExec(server.path, args, config);
          const stdio = ['ignore', 'pipe', 'inherit'] as const;
          const keep = await load(image, { backend: 'kvm', stdio, switchless });
          return { keep, close: () => image.close() };
        },
        client,
        connections,
        rounds,
      );
      return rate;
    });
    const own: number[] = [];
    for (let i = 0; i < ROUNDS; i++)
      own.push((await natively(server.path, client, connections, rounds)).rate);
    const what = `echo, ${connections} connection${connections > 1 ? 's' : ''} at once`;
    rows.push(
      ...EACH.map(([way]) => row(`${what}, ${way}`, '/s', found[way])),
      row(`${what}, natively`, '/s', own),
    );
  }
  return { rows, goals: [], notes: ['The client of the server is on the same machine.'] };
}

async function run(): Promise<Outcome> {
  checkKvm();
  const parts = [await calling(), await storing(), await serving()];
  return {
    rows: parts.flatMap(({ rows }) => rows),
    goals: parts.flatMap(({ goals }) => goals),
    notes: parts.flatMap(({ notes }) => notes),
  };
}

export const switchless: Benchmark = {
  name: 'switchless',
  title: 'Host calls of a Keep on plain KVM, by exits and without',
  run,
};
