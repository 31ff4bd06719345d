// SPDX-License-Identifier: Apache-2.0
// Keeps that wait for a debugger, the real gdb, and a debugger of our own.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { Unpacker, pack } from '@motte/debug/gdb/packet';
import { ROOT } from '@motte/test-helpers/vectors';

const MOTTE = join(ROOT, 'node_modules/.bin/motte');
/** For each step of a conversation. */
const LIMIT_MS = 60_000;
export const has = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;

/** Builds the program that is debugged, into a folder. */
export function buildDebugged(folder: string): string {
  const program = join(folder, 'debugged');
  const source = join(ROOT, 'test/e2e/c/debugged.c');
  const flags = ['-static-pie', '-g', '-O0', '-pthread', '-Wall', '-Wextra'];
  const made = spawnSync('gcc-12', [...flags, source, '-o', program], { encoding: 'utf8' });
  assert.is(made.status, 0, made.stderr);
  return program;
}

/** Options for settings of this text. */
export function configured(folder: string, text: string): string[] {
  const path = join(folder, `${text.length}.toml`);
  writeFileSync(path, text);
  return ['--config', path];
}

/** A Keep that waits for a debugger, and its port. */
export class Waiting {
  readonly child: ChildProcess;
  out = '';
  talk = '';
  readonly ended: Promise<number | null>;
  readonly #limit: number;
  constructor(
    program: string,
    options: readonly string[],
    args: readonly string[],
    limit: number = LIMIT_MS,
  ) {
    this.#limit = limit;
    this.child = spawn(MOTTE, ['run', ...options, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (bytes) => (this.out += String(bytes)));
    this.child.stderr?.on('data', (bytes) => (this.talk += String(bytes)));
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
  }

  /** Resolves with what `find` gives of what was said so far. */
  async until<T>(find: (talk: string, out: string) => T | undefined): Promise<T> {
    for (const end = Date.now() + this.#limit; Date.now() < end;) {
      const found = find(this.talk, this.out);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`it says: ${this.out}${this.talk}`);
  }

  port(): Promise<number> {
    return this.until((talk) => {
      const port = /target remote 127\.0\.0\.1:(\d+)/.exec(talk)?.[1];
      return port === undefined ? undefined : Number(port);
    });
  }
}

/** A program that gdb looks at. */
export interface Debugged {
  readonly program: string;
  readonly options: readonly string[];
  readonly args?: readonly string[];
  /** What gdb is told when it is connected. */
  readonly commands: readonly string[];
  readonly limit?: number;
}

/** What came of it. */
export interface Seen {
  /** What gdb printed. */
  readonly seen: string;
  readonly status: number | null;
  /** Standard output of the program, and what motte said. */
  readonly out: string;
  readonly talk: string;
}

export async function debugged(one: Debugged): Promise<Seen> {
  const { program, options, args = [], commands, limit = LIMIT_MS } = one;
  const keep = new Waiting(program, [...options, '--gdb'], args, limit);
  const port = await keep.port();
  const wait = `set remotetimeout ${limit / 1000}`;
  const all = [wait, `target remote 127.0.0.1:${port}`, ...commands].flatMap((command) => ['-ex', command]);
  const gdb = spawn('gdb', ['-nx', '-batch', '-ex', 'set debuginfod enabled off', ...all, program], {
    timeout: limit,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let seen = '';
  gdb.stdout.on('data', (bytes) => (seen += String(bytes)));
  gdb.stderr.on('data', (bytes) => (seen += String(bytes)));
  await new Promise((resolve) => gdb.on('close', resolve));
  // A debugger that was ended in the middle lets the program run, which may be without end.
  const patience = setTimeout(() => keep.child.kill('SIGTERM'), limit);
  const status = await keep.ended;
  clearTimeout(patience);
  return { seen, status, out: keep.out, talk: keep.talk };
}

/** A debugger of our own, for what gdb does not do by a script. */
export class Client {
  readonly #socket: Socket;
  readonly #unpacker = new Unpacker();
  readonly #replies: string[] = [];
  closed = false;
  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('close', () => (this.closed = true));
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (bytes) => {
      for (const come of this.#unpacker.push(bytes))
        if (come.kind === 'packet') this.#replies.push(new TextDecoder('latin1').decode(come.body));
    });
  }
  raw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }
  async reply(): Promise<string> {
    for (const end = Date.now() + LIMIT_MS; Date.now() < end;) {
      // What came before the end counts.
      const over = this.closed;
      const reply = this.#replies.shift();
      if (reply !== undefined) return reply;
      if (over) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('no reply');
  }
  ask(packet: string): Promise<string> {
    this.raw(pack(packet));
    return this.reply();
  }
  end(): void {
    this.#socket.destroy();
  }
}

/** A connection to a program that runs; it is turned away until the one before is seen to have gone. */
export async function taken(port: number): Promise<Client> {
  for (let tries = 0; tries < 200; tries++) {
    const client = new Client(port);
    const reason = await client.ask('?').catch(() => undefined);
    if (reason !== undefined) {
      assert.match(reason, /^T02thread:1;/);
      return client;
    }
  }
  throw new Error('turned away');
}

/** ^C, and a debugger that goes away: three times, then the end. What the program's exit status was. */
export async function interrupted(
  program: string,
  options: readonly string[],
  limit?: number,
): Promise<number | null> {
  const keep = new Waiting(program, [...options, '--gdb-later'], ['wait'], limit);
  const port = await keep.port();
  await keep.until((_, out) => (out.includes('waiting') ? true : undefined));
  for (let round = 0; round < 3; round++) {
    const client = await taken(port);
    client.raw(pack('vCont;c'));
    client.raw(Uint8Array.of(3));
    assert.match(await client.reply(), /^T02thread:1;/);
    client.end();
  }
  const last = await taken(port);
  last.raw(pack('k'));
  const status = await keep.ended;
  last.end();
  return status;
}
