// SPDX-License-Identifier: Apache-2.0
// `motte run --gdb` with the real gdb: what it sees of a Keep, how it moves it, and which Keeps it does not get to see.
import { connect } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pack } from '@motte/debug/gdb/packet';
import { tempFolder } from '@motte/test-helpers/temp';
import { Client, Waiting, buildDebugged, configured, debugged, has, interrupted } from './support/gdb.js';
import { GDB_CASES, SERVED, VALUES } from './support/gdb-cases.js';

const FOLDER = tempFolder('motte-gdb');

function tests(program: string): void {
  for (const options of [['--emulate'], ['--emulate=strict'], ['--emulate', '--no-patch']])
    test(`${VALUES.name} (${options.join(' ')})`, async () => {
      VALUES.check(await debugged({ program, options, commands: VALUES.commands }));
    });
  for (const { name, args = [], keep, commands, check } of [...GDB_CASES, SERVED])
    test(name, async () => {
      const settings = keep === undefined ? [] : configured(FOLDER, keep);
      check(await debugged({ program, options: ['--emulate', ...settings], args, commands }));
    });
}

function protocolTests(program: string): void {
  test('^C stops a program that runs, and a debugger that goes away lets it run', async () => {
    assert.is.not(await interrupted(program, ['--emulate']), 0);
  });

  test('what is no packet closes the connection, and the next is served', async () => {
    const keep = new Waiting(program, ['--emulate', '--gdb'], []);
    const port = await keep.port();
    const bad = new Client(port);
    assert.match(await bad.ask('?'), /^T05thread:1;/);
    bad.raw(new TextEncoder().encode('GET / HTTP/1.1\r\n'));
    await keep.until((talk) => (talk.includes('[GDB_PROTOCOL]') || bad.closed ? true : undefined));
    assert.is(await keep.ended, 21, 'a debugger that has gone lets the program run');
    assert.match(keep.talk, /GDB_PROTOCOL/);
  });

  test('a second debugger is turned away', async () => {
    const keep = new Waiting(program, ['--emulate', '--gdb'], []);
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
    const keep = new Waiting(program, ['--emulate', '--gdb'], []);
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
    [
      'a Keep without debug',
      ['--emulate', ...configured(FOLDER, 'threads = 1\n'), '--gdb'],
      122,
      'DEBUG_REFUSED',
    ],
    ['no port', ['--emulate', '--gdb=70000'], 64, 'expected a port'],
  ] as const;
  for (const [name, options, status, code] of REFUSED)
    test(`refused: ${name}`, async () => {
      const keep = new Waiting(program, options, []);
      assert.is(await keep.ended, status, keep.talk);
      assert.match(keep.talk, new RegExp(code));
      assert.is(keep.out, '');
    });

  test('refused: a port that is taken', async () => {
    const first = new Waiting(program, ['--emulate', '--gdb'], []);
    const second = new Waiting(program, ['--emulate', `--gdb=${await first.port()}`], []);
    assert.is(await second.ended, 122);
    assert.match(second.talk, /\[GDB_PORT\]/);
    first.child.kill('SIGTERM');
    await first.ended;
  });
}

if (!has('gcc-12')) console.log('skipped: --gdb: gcc-12 is not installed');
else {
  const program = buildDebugged(FOLDER);
  protocolTests(program);
  if (!has('gdb')) console.log('skipped: what gdb sees of a Keep: gdb is not installed');
  else tests(program);
}

test.run();
