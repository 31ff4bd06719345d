// SPDX-License-Identifier: Apache-2.0
// `motte run --gdb` with the real gdb: what it sees of a Keep, how it moves it, and which Keeps it does not get to see.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Unpacker, pack } from '@motte/debug/gdb/packet';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';

const MOTTE = join(ROOT, 'node_modules/.bin/motte');
const FOLDER = tempFolder('motte-gdb');
const PROGRAM = join(FOLDER, 'debugged');
const LIMIT_MS = 60_000;

const has = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;

function config(text: string): string[] {
  const path = join(FOLDER, `${text.length}.toml`);
  writeFileSync(path, text);
  return ['--config', path];
}

/** A Keep that waits for a debugger, and its port. */
class Waiting {
  readonly child: ChildProcess;
  out = '';
  talk = '';
  readonly ended: Promise<number | null>;
  constructor(options: readonly string[], args: readonly string[]) {
    this.child = spawn(MOTTE, ['run', ...options, PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (bytes) => (this.out += String(bytes)));
    this.child.stderr?.on('data', (bytes) => (this.talk += String(bytes)));
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
  }

  /** Resolves with what `find` gives of what was said so far. */
  async until<T>(find: (talk: string, out: string) => T | undefined): Promise<T> {
    for (const end = Date.now() + LIMIT_MS; Date.now() < end;) {
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

/** What gdb prints of a run by these commands, and how the Keep ended. */
async function debugged(
  commands: readonly string[],
  { options = ['--emulate'], args = [] }: { options?: readonly string[]; args?: readonly string[] } = {},
): Promise<{ seen: string; status: number | null; keep: Waiting }> {
  const keep = new Waiting([...options, '--gdb'], args);
  const port = await keep.port();
  const all = [`target remote 127.0.0.1:${port}`, ...commands].flatMap((command) => ['-ex', command]);
  const gdb = spawn('gdb', ['-nx', '-batch', '-ex', 'set debuginfod enabled off', ...all, PROGRAM], {
    timeout: LIMIT_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let seen = '';
  gdb.stdout.on('data', (bytes) => (seen += String(bytes)));
  gdb.stderr.on('data', (bytes) => (seen += String(bytes)));
  await new Promise((resolve) => gdb.on('close', resolve));
  return { seen, status: await keep.ended, keep };
}

/** A debugger of our own, for what gdb does not do by a script. */
class Client {
  readonly #socket;
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

function tests(): void {
  for (const options of [['--emulate'], ['--emulate=strict'], ['--emulate', '--no-patch']])
    test(`breakpoints, steps and values (${options.join(' ')})`, async () => {
      const { seen, status, keep } = await debugged(
        `break main; continue; break leaf; continue; backtrace; info registers rip rsp fs_base
         print counter; print pair; print $mxcsr; step; step; print counter; finish; next
         delete; set var y = 40; print leaf(1); finish; continue`.split(/[;\n] */),
        { options },
      );
      assert.match(seen, /in _start \(\)/, seen);
      assert.match(seen, /Breakpoint 1, main \(argc=1, argv=0x7[0-9a-f]{11}\) at .*debugged\.c:\d+/);
      assert.match(
        seen,
        /#0 +leaf \(x=2\) at .*\n#1 +0x[0-9a-f]+ in middle \(x=1\) at .*\n#2 +0x[0-9a-f]+ in main \(argc=1/,
      );
      assert.match(seen, /rip +0x[0-9a-f]+ +0x[0-9a-f]+ <leaf\+\d+>/);
      assert.match(seen, /fs_base +0x[0-9a-f]{6,}/);
      assert.match(seen, /\$1 = 7\n\$2 = \{number = 3, half = 2\.5\}\n\$3 = 8064\n/);
      assert.match(seen, /\$4 = 9\n/);
      assert.match(seen, /Value returned is \$5 = 18/);
      assert.match(seen, /\$6 = 20\n/);
      assert.match(seen, /Value returned is \$7 = 43/, seen);
      assert.match(seen, /exited with code 053\]/);
      assert.is(status, 43);
      assert.is(keep.out, 'result 43\n');
    });

  test('single steps over a system call', async () => {
    const { seen, status } = await debugged([
      'break write',
      'continue',
      'delete',
      ...Array.from({ length: 12 }, () => ['stepi', 'x/i $pc']).flat(),
      'continue',
    ]);
    assert.match(seen, /=> .*<write\+\d+>:\tsyscall/, seen);
    const after = seen.slice(seen.search(/<write\+\d+>:\tsyscall/));
    assert.match(after, /\n=> .*<write\+\d+>:\tcmp/, seen);
    assert.is(status, 21);
  });

  test('threads: where each is, and one breakpoint for all', async () => {
    const keepToml = config('threads = 5\nargs = "host"\n[sgx]\ndebug = true\n');
    const { seen, status } = await debugged(
      [
        'break meet',
        'continue',
        'continue',
        'continue',
        'info threads',
        'thread apply all bt',
        'delete',
        'continue',
      ],
      { options: ['--emulate', ...keepToml], args: ['threads'] },
    );
    assert.is(seen.match(/Breakpoint 1, meet \(index=(1|2|3|10)\)/g)?.length, 3, seen);
    assert.match(seen, /\(tid 1, in (a system call|the program)\)/);
    assert.match(seen, /#\d+ +0x[0-9a-f]+ in thread \(index=0x\d\)/);
    assert.match(seen, /#\d+ .*in main \(/);
    assert.is(status, 26, seen);
  });

  test('a fault stops the program before the Keep ends', async () => {
    const { seen, status } = await debugged(['continue', 'backtrace', 'print counter', 'continue'], {
      args: ['fault'],
    });
    assert.match(seen, /received signal SIGSEGV.*\nmain \(argc=2.*\n/, seen);
    assert.match(seen, /\$1 = 10/);
    assert.match(seen, /terminated with signal SIGSEGV/);
    assert.is(status, 139);
  });

  test('an INT3 of the program’s own stops it behind', async () => {
    const { seen, status } = await debugged(['continue', 'x/1xb $pc-1', 'continue'], { args: ['int3'] });
    assert.match(seen, /received signal SIGTRAP/, seen);
    assert.match(seen, /:\t0xcc\n/);
    assert.is(status, 23);
  });

  test('detach lets it run, kill ends it', async () => {
    const detached = await debugged(['break main', 'continue', 'break leaf', 'detach']);
    assert.is(detached.status, 21, detached.seen);
    const killed = await debugged(['break main', 'continue', 'kill']);
    assert.is(killed.keep.out, '');
    assert.match(killed.keep.talk, /ABORTED/);
  });
}

/** A connection to a program that runs; it is turned away until the one before is seen to have gone. */
async function taken(port: number): Promise<Client> {
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

function protocolTests(): void {
  test('^C stops a program that runs, and a debugger that goes away lets it run', async () => {
    const keep = new Waiting(['--emulate', '--gdb-later'], ['wait']);
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
    assert.is.not(await keep.ended, 0);
    last.end();
  });

  test('what is no packet closes the connection, and the next is served', async () => {
    const keep = new Waiting(['--emulate', '--gdb'], []);
    const port = await keep.port();
    const bad = new Client(port);
    assert.match(await bad.ask('?'), /^T05thread:1;/);
    bad.raw(new TextEncoder().encode('GET / HTTP/1.1\r\n'));
    await keep.until((talk) => (talk.includes('[GDB_PROTOCOL]') || bad.closed ? true : undefined));
    assert.is(await keep.ended, 21, 'a debugger that has gone lets the program run');
    assert.match(keep.talk, /GDB_PROTOCOL/);
  });

  test('a second debugger is turned away', async () => {
    const keep = new Waiting(['--emulate', '--gdb'], []);
    const port = await keep.port();
    const first = new Client(port);
    assert.match(await first.ask('?'), /^T05/);
    const second = new Client(port);
    let turned = false;
    await second.ask('?').catch(() => (turned = true));
    assert.ok(turned);
    first.raw(pack('vCont;c'));
    assert.is(await first.reply(), 'W15');
    assert.is(await keep.ended, 21);
    first.end();
  });

  test('on loopback alone', async () => {
    const keep = new Waiting(['--emulate', '--gdb'], []);
    const port = await keep.port();
    const error = await new Promise<NodeJS.ErrnoException>((resolve, reject) => {
      const socket = connect(port, '127.0.0.2');
      socket.on('error', resolve);
      socket.on('connect', () => reject(new Error('it listens elsewhere')));
    });
    assert.is(error.code, 'ECONNREFUSED');
    keep.child.kill('SIGTERM');
    await keep.ended;
  });

  const REFUSED = [
    ['a Keep without debug', ['--emulate', ...config('threads = 1\n'), '--gdb'], 122, 'DEBUG_REFUSED'],
    ['no port', ['--emulate', '--gdb=70000'], 64, 'expected a port'],
  ] as const;
  for (const [name, options, status, code] of REFUSED)
    test(`refused: ${name}`, async () => {
      const keep = new Waiting(options, []);
      assert.is(await keep.ended, status, keep.talk);
      assert.match(keep.talk, new RegExp(code));
      assert.is(keep.out, '');
    });

  test('refused: a port that is taken', async () => {
    const first = new Waiting(['--emulate', '--gdb'], []);
    const second = new Waiting(['--emulate', `--gdb=${await first.port()}`], []);
    assert.is(await second.ended, 122);
    assert.match(second.talk, /\[GDB_PORT\]/);
    first.child.kill('SIGTERM');
    await first.ended;
  });
}

if (!has('gcc-12')) console.log('skipped: --gdb: gcc-12 is not installed');
else {
  test('the program builds', () => {
    const source = join(ROOT, 'test/e2e/c/debugged.c');
    const flags = ['-static-pie', '-g', '-O0', '-pthread', '-Wall', '-Wextra'];
    const made = spawnSync('gcc-12', [...flags, source, '-o', PROGRAM], { encoding: 'utf8' });
    assert.is(made.status, 0, made.stderr);
  });
  protocolTests();
  if (!has('gdb')) console.log('skipped: what gdb sees of a Keep: gdb is not installed');
  else tests();
}

test.run();
