// SPDX-License-Identifier: Apache-2.0
// An echo server in a Keep and natively: requests a second of one client and of many connections, and what a host call costs of it.
import type { KeepConfig } from '@motte/config/keep-config';
import { load } from '@motte/loader/index';
import type { Keep } from '@motte/loader/index';
import { program } from '@motte/test-helpers/programs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '@motte/test-helpers/port';
import type { Readable } from 'node:stream';
import { prepared } from './keep.js';
import { Missing } from './outcome.js';
import type { Benchmark, Outcome, Row } from './outcome.js';
import { built, figures } from './programs.js';
import { row } from './stats.js';

const RUNS = 5;
const HOST = '127.0.0.1';
/** Connections at once, and how many requests each makes. */
const LOADS = [
  { connections: 1, rounds: 20_000 },
  { connections: 50, rounds: 1000 },
] as const;

async function rate(client: string, port: number, connections: number, rounds: number): Promise<number> {
  // Not spawnSync: the Keep's loader is this process.
  const child = spawn(client, [`${port}`, `${connections}`, `${rounds}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`${client}: exit status ${status}`);
  return figures(output).get('rate') ?? Number.NaN;
}

async function listening(output: Readable): Promise<void> {
  await once(output.setEncoding('utf8'), 'data');
  output.resume();
}

interface Served {
  readonly rate: number;
  /** Host calls a request; none natively. */
  readonly calls: number;
}

export async function natively(
  server: string,
  client: string,
  connections: number,
  rounds: number,
): Promise<Served> {
  const port = await freePort();
  const child = spawn(server, [`${port}`, `${connections}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  await listening(child.stdout);
  const found = await rate(client, port, connections, rounds);
  await closed;
  return { rate: found, calls: 0 };
}

/** A Keep of the server with such arguments and configuration, that runs, and what is closed after its end. */
type Opened = (
  args: readonly string[],
  config: Pick<KeepConfig, 'listen'>,
) => Promise<{ readonly keep: Keep; readonly close: () => void }>;

const inSgx =
  (path: string): Opened =>
  async (args, config) => {
    const image = prepared({ path, args, config });
    const keep = await load(image, { backend: 'sgx', emulate: true, stdio: ['ignore', 'pipe', 'inherit'] });
    return { keep, close: () => image.close() };
  };

/** Requests a second that a Keep of the server serves, and its host calls. */
export async function inside(
  open: Opened,
  client: string,
  connections: number,
  rounds: number,
): Promise<Served> {
  const port = await freePort();
  const { keep, close } = await open([`${port}`, `${connections}`], {
    listen: [{ name: 'echo', address: `${HOST}:${port}`, protocol: 'tcp' }],
  });
  try {
    await listening(keep.stdout as Readable);
    const found = await rate(client, port, connections, rounds);
    const end = await keep.exited;
    if (end.ended !== 'exited' || end.status !== 0) throw new Error(`the Keep ended: ${JSON.stringify(end)}`);
    return { rate: found, calls: (await keep.stats()).hostCalls / (connections * rounds) };
  } finally {
    keep.abort();
    close();
  }
}

async function run(): Promise<Outcome> {
  const server = program('echo');
  if ('skipped' in server) throw new Missing(server.skipped);
  const client = built('load');
  const rows: Row[] = [];
  const notes: string[] = [];
  for (const { connections, rounds } of LOADS) {
    const rates = { native: [] as number[], keep: [] as number[] };
    let calls = 0;
    // In turns, so that a noisy neighbour slows both.
    for (let i = 0; i < RUNS; i++) {
      rates.native.push((await natively(server.path, client, connections, rounds)).rate);
      const kept = await inside(inSgx(server.path), client, connections, rounds);
      rates.keep.push(kept.rate);
      calls = kept.calls;
    }
    const what = `${connections} connection${connections > 1 ? 's' : ''} at once`;
    rows.push(row(`${what}, in the Keep`, '/s', rates.keep), row(`${what}, natively`, '/s', rates.native));
    const [kept, native] = [Math.max(...rates.keep), Math.max(...rates.native)];
    const more = 1e9 / kept - 1e9 / native;
    notes.push(
      `${what}: ${(kept / native).toFixed(2)} of the native rate. A request takes ${more.toFixed(0)} ns more and ${calls.toFixed(2)} host calls, ${(more / calls).toFixed(0)} ns each.`,
    );
  }
  return {
    rows,
    goals: [],
    notes: [
      ...notes,
      'Requests of 64 bytes over loopback, the client on the same machine; one thread serves, by epoll.',
    ],
  };
}

export const echo: Benchmark = { name: 'echo', title: 'An echo server in a Keep and natively', run };
