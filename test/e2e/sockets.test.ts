// SPDX-License-Identifier: Apache-2.0
// Sockets that Keep.toml grants, and none else: servers and clients of this process talk to a program in a Keep.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { EMULATE_FLAG, patience } from '@motte/test-helpers/emulation';
import { freePort } from '@motte/test-helpers/port';
import { program } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';

const MOTTE = join(ROOT, 'node_modules/.bin/motte');
const FOLDER = tempFolder('motte-sockets');
const CLIENTS = 100;

const built = program('net');
const path = 'skipped' in built ? '' : built.path;
const hasSix = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

async function listening(one: Server, host: string): Promise<number> {
  one.listen(0, host);
  await once(one, 'listening');
  return (one.address() as AddressInfo).port;
}

let configs = 0;

function line(config: string, args: readonly string[], flags: readonly string[] = []): string[] {
  const file = join(FOLDER, `Keep-${configs++}.toml`);
  writeFileSync(file, `args = "host"\n${config}`);
  return ['run', EMULATE_FLAG, ...flags, '--config', file, path, ...args];
}

function listen(address: string, protocol: string): string {
  return `[[listen]]\nname = "it"\naddress = "${address}"\nprotocol = "${protocol}"\n`;
}

/** A Keep that has said that it listens, and what it prints until it ends. */
async function server(args: string[]): Promise<{ end: Promise<{ status: number; stdout: string }> }> {
  const child: ChildProcess = spawn(MOTTE, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: patience(120_000),
  });
  let stdout = '';
  const end = once(child, 'close').then(([status]) => ({ status: Number(status), stdout }));
  await new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes('listening\n')) resolve();
    });
    void end.then(() => resolve());
  });
  return { end };
}

/** Sends `data` and gives what came back. */
async function echoed(port: number, host: string, data: Buffer): Promise<Buffer> {
  const socket = connect(port, host);
  const got: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => got.push(chunk));
  socket.end(data);
  await once(socket, 'close');
  return Buffer.concat(got);
}

async function echoes(host: string, family: string, flags: readonly string[]): Promise<void> {
  const port = await freePort(host);
  const at = family === '6' ? `[${host}]:${port}` : `${host}:${port}`;
  const keep = await server(line(listen(at, 'tcp'), ['echo', family, String(port), String(CLIENTS)], flags));
  const sent = Array.from({ length: CLIENTS }, (_, i) => Buffer.alloc(1 + i * 997, i));
  const came = await Promise.all(sent.map((data) => echoed(port, host, data)));
  for (const [i, data] of sent.entries()) assert.ok(came[i]?.equals(data), `client ${i}`);
  const total = sent.reduce((sum, { length }) => sum + length, 0);
  assert.equal(await keep.end, { status: 0, stdout: `listening\n${CLIENTS} clients, ${total} bytes\n` });
}

/** The two runs of a client print the same. */
async function sameAsNative(mode: string): Promise<void> {
  const peer = createServer((socket) => socket.pipe(socket));
  const port = await listening(peer, '127.0.0.1');
  const args = [mode, '127.0.0.1', String(port)];
  const run = async (file: string, all: string[]): Promise<string> => {
    const child = spawn(file, all, { stdio: ['ignore', 'pipe', 'ignore'], timeout: patience(60_000) });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    const [status] = await once(child, 'close');
    assert.is(status, 0, stdout);
    return stdout;
  };
  try {
    const native = await run(path, args);
    const grant = `[[connect]]\nhost = "127.0.0.1"\nport = ${port}\n`;
    assert.is(await run(MOTTE, line(grant, args)), native);
  } finally {
    peer.close();
  }
}

function ends(
  config: string,
  args: readonly string[],
): { status: number | null; stdout: string; stderr: string } {
  const options = { encoding: 'utf8', timeout: patience(60_000) } as const;
  const { status, stdout, stderr } = spawnSync(MOTTE, line(config, args), options);
  return { status, stdout, stderr: stderr.slice(stderr.indexOf('\n') + 1) };
}

if ('skipped' in built) console.log(`skipped: sockets: ${built.skipped}`);
else {
  for (const flags of [[], ['--no-patch']])
    test(`${CLIENTS} clients at once get back what they send ${flags.join('')}`, () =>
      echoes('127.0.0.1', '4', flags));

  if (hasSix) test('the same over IPv6', () => echoes('::1', '6', []));
  else console.log('skipped: IPv6: this machine has no ::1');

  test('datagrams come back', async () => {
    const port = await freePort('127.0.0.1');
    const sent = [Buffer.from('a'), Buffer.alloc(0), Buffer.alloc(9000, 7)];
    const grant = listen(`127.0.0.1:${port}`, 'udp');
    const keep = await server(line(grant, ['udp', '4', String(port), String(sent.length)]));
    const socket = createSocket('udp4');
    for (const data of sent) {
      socket.send(data, port, '127.0.0.1');
      const [came] = await once(socket, 'message');
      assert.ok(data.equals(came as Buffer));
    }
    socket.close();
    assert.equal(await keep.end, { status: 0, stdout: `listening\n${sent.length} datagrams\n` });
  });

  for (const mode of ['connect', 'later'])
    test(`a client connects to what is granted, ${mode}`, () => sameAsNative(mode));

  test('what is not granted is EACCES', async () => {
    const port = await freePort('127.0.0.1');
    const grants = `[[connect]]\nhost = "127.0.0.1"\nport = ${port}\n${listen(`127.0.0.1:${port}`, 'tcp')}`;
    const refused = { status: 1, stdout: 'connect: EACCES\n', stderr: '' };
    assert.equal(ends(grants, ['connect', '127.0.0.1', String(port === 1 ? 2 : port - 1)]), refused);
    assert.equal(ends(grants, ['connect', '127.0.0.2', String(port)]), refused);
    assert.equal(ends('', ['connect', '127.0.0.1', String(port)]), refused);
    // Granted, and nobody listens there.
    assert.is(ends(grants, ['connect', '127.0.0.1', String(port)]).stdout, 'connect: ECONNREFUSED\n');
    assert.match(ends(grants, ['bind', '127.0.0.1', String(port)]).stdout, /: 0 \n$/);
    assert.match(ends(grants, ['bind', '127.0.0.1', String(port - 1)]).stdout, /: -1 EACCES\n$/);
    assert.match(ends(grants, ['bind', '127.0.0.2', String(port)]).stdout, /: -1 EACCES\n$/);
  });

  test('a port that somebody has ends the Keep before it begins', async () => {
    const other = createServer();
    const port = await listening(other, '127.0.0.1');
    const ran = ends(listen(`127.0.0.1:${port}`, 'tcp'), ['errors']);
    other.close();
    assert.is(ran.stdout, '');
    assert.match(ran.stderr, new RegExp(`it: 127\\.0\\.0\\.1:${port}: Address already in use`));
  });

  test('grants that nobody serves are refused', () => {
    const tls = spawnSync(MOTTE, line(listen('127.0.0.1:1', 'tls'), ['errors']), { encoding: 'utf8' });
    assert.match(tls.stderr, /^motte: listen\[0\]\.protocol: .*\[GRANT_UNSUPPORTED\]\n$/);
    const name = spawnSync(MOTTE, line('[[connect]]\nhost = "db.local"\nport = 1\n', ['errors']), {
      encoding: 'utf8',
    });
    assert.match(name.stderr, /^motte: connect\[0\]\.host: .*\[GRANT_UNSUPPORTED\]\n$/);
  });
}

test.run();
