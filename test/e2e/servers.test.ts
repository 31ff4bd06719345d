// SPDX-License-Identifier: Apache-2.0
// Servers as people write them, unmodified: HTTP in C with a thread for each connection, HTTP by Go's net/http, an echo
// server on epoll. What their clients get is what they get of the same program natively.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EMULATE_FLAG, patience } from '@motte/test-helpers/emulation';
import { freePort } from '@motte/test-helpers/port';
import { program } from '@motte/test-helpers/programs';
import type { ProgramName } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';

const MOTTE = join(ROOT, 'node_modules/.bin/motte');
const FOLDER = tempFolder('motte-servers');
const CONNECTIONS = 6;
const REQUESTS = 60;
const CLIENTS = 100;

type Serve = (port: number) => Promise<unknown>;

/** Starts the server, has it serve, and gives how it ended beside what its clients got. */
async function served(
  command: string,
  args: readonly string[],
  port: number,
  serve: Serve,
): Promise<unknown> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: patience(120_000) });
  let stdout = '';
  const end = once(child, 'close').then(([status]) => ({ status: Number(status), stdout }));
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (/^listening\b.*\n/u.test(stdout)) resolve();
    });
  });
  await Promise.race([ready, end]);
  const clients = await serve(port);
  return { ...(await end), clients };
}

function ask(port: number, agent: Agent, i: number): Promise<string> {
  const body = Buffer.alloc(i * 331, i);
  const method = i % 3 === 0 ? 'POST' : 'GET';
  return new Promise((resolve, reject) => {
    const one = request({ port, host: '127.0.0.1', agent, method, path: `/${i}` }, (answer) => {
      let text = `${answer.statusCode} `;
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => resolve(text));
    });
    one.on('error', reject);
    one.end(method === 'POST' ? body : undefined);
  });
}

async function http(port: number): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    return await Promise.all(Array.from({ length: REQUESTS }, (_, i) => ask(port, agent, i)));
  } finally {
    agent.destroy();
  }
}

async function echoed(port: number, data: Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const got: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => got.push(chunk));
  socket.end(data);
  await once(socket, 'close');
  return Buffer.concat(got).equals(data) ? 'the same' : 'something else';
}

function echo(port: number): Promise<string[]> {
  return Promise.all(Array.from({ length: CLIENTS }, (_, i) => echoed(port, Buffer.alloc(1 + i * 997, i))));
}

const SERVERS: readonly (readonly [name: ProgramName, last: number, serve: Serve])[] = [
  ['http', REQUESTS, http],
  ['http-go', REQUESTS, http],
  ['echo', CLIENTS, echo],
];
for (const [name, last, serve] of SERVERS) {
  const built = program(name);
  if ('skipped' in built) {
    console.log(`skipped: ${name}: ${built.skipped}`);
    continue;
  }
  test(`${name} serves from a Keep what it serves natively`, async () => {
    const natively = await freePort();
    const expected = await served(built.path, [String(natively), String(last)], natively, serve);
    const port = await freePort();
    const config = join(FOLDER, `${name}.toml`);
    const grant = `[[listen]]\nname = "it"\naddress = "127.0.0.1:${port}"\nprotocol = "tcp"\n`;
    writeFileSync(config, `args = "host"\nthreads = 24\n${grant}`);
    const line = ['run', EMULATE_FLAG, '--config', config, built.path, String(port), String(last)];
    assert.equal(await served(MOTTE, line, port, serve), expected);
  });
}

test.run();
