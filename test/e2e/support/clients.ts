// SPDX-License-Identifier: Apache-2.0
// Clients of the servers among the test programs, which say `listening` when they are ready.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';

const CONNECTIONS = 6;

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

/** Some connections that stay open, with many requests. */
async function http(port: number, requests: number): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    return await Promise.all(Array.from({ length: requests }, (_, i) => ask(port, agent, i)));
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

function echo(port: number, clients: number): Promise<string[]> {
  return Promise.all(Array.from({ length: clients }, (_, i) => echoed(port, Buffer.alloc(1 + i * 997, i))));
}

/** One connection, a byte at a time: the next one when the last has come back. */
async function turns(port: number, count: number): Promise<string[]> {
  const socket = connect(port, '127.0.0.1');
  let answers = 0;
  socket.on('data', (chunk: Buffer) => {
    answers += chunk.length;
    if (answers < count) socket.write('x');
    else socket.end();
  });
  socket.write('x');
  await once(socket, 'close');
  return [`${answers} answers`];
}

/** Asks a server so often, and gives the answers. */
export const CLIENTS: Readonly<
  Record<'http' | 'echo' | 'turns', (port: number, count: number) => Promise<string[]>>
> = { http, echo, turns };
export type ClientKind = keyof typeof CLIENTS;

/** What is printed, until its end; `ready` is called once, when that begins with a line `listening …`. */
export async function printed(stream: Readable, ready: () => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let listening = false;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    if (listening || !/^listening\b.*\n/u.test(Buffer.concat(chunks).toString())) return;
    listening = true;
    ready();
  });
  await once(stream, 'close');
  return Buffer.concat(chunks);
}

/** What a server prints, and what its clients get of it: nothing, if it ends before it listens. */
export async function served(
  stdout: Readable,
  clients: () => Promise<string[]>,
): Promise<{ readonly stdout: Buffer; readonly clients: string[] }> {
  let asked: Promise<string[]> = Promise.resolve([]);
  const said = await printed(stdout, () => {
    asked = clients();
  });
  return { stdout: said, clients: await asked };
}
