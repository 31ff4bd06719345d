// SPDX-License-Identifier: Apache-2.0
// What `motte run --trace` prints of a program is what strace prints of it.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { shimPath } from '@motte/loader/prebuilt';
import { EMULATE_FLAG, patience } from '@motte/test-helpers/emulation';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { traceLines } from './support/seen.js';

const MOTTE = join(ROOT, 'node_modules/.bin/motte');
const FOLDER = tempFolder('motte-trace');
const TRACED = join(FOLDER, 'traced');
const ASKS = join(FOLDER, 'asks');
const LIMIT = { encoding: 'utf8', timeout: patience(120_000) } as const;

const has = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;

function compile(source: string, out: string, ...flags: string[]): void {
  const path = join(ROOT, 'test/e2e/c', source);
  const made = spawnSync('gcc-12', ['-O1', '-Wall', '-Wextra', '-Werror', ...flags, path, '-o', out], LIMIT);
  assert.is(made.status, 0, made.stderr);
}

function run(...args: string[]): { status: number | null; talk: string } {
  const emulate = args.some((arg) => arg.startsWith('--emulate')) ? [] : [EMULATE_FLAG];
  const ran = spawnSync(MOTTE, ['run', ...emulate, ...args], LIMIT);
  return { status: ran.status, talk: ran.stderr };
}

if (!has('gcc-12')) console.log('skipped: traced programs: gcc-12 is not installed');
else {
  test('the programs build', () => {
    compile('traced.c', TRACED, '-static-pie', '-nostdlib', '-ffreestanding', '-fno-stack-protector');
    compile('asks.c', ASKS, '-static-pie');
  });

  if (!has('strace')) console.log('skipped: lines equal to strace: strace is not installed');
  else
    test('each line is strace’s', () => {
      const theirs = join(FOLDER, 'strace.txt');
      const native = spawnSync('strace', ['-o', theirs, TRACED], LIMIT);
      assert.is(native.status, 7, native.stderr);
      const ours = join(FOLDER, 'motte.txt');
      assert.is(run('--trace', '--trace-out', ours, TRACED).status, 7);
      const expected = traceLines(readFileSync(theirs, 'utf8'));
      assert.ok(expected.length > 40, `${expected.length} lines`);
      assert.equal(traceLines(readFileSync(ours, 'utf8')), expected);
    });

  for (const flags of [['--no-patch'], ['--emulate=strict']])
    test(`the same lines with ${flags.join(' ')}`, () => {
      const plain = run('--trace=%file', TRACED);
      const other = run('--trace=%file', ...flags, TRACED);
      assert.is(other.status, 7);
      const lines = (text: string): string[] => traceLines(text.slice(text.indexOf('debug: the host')));
      assert.equal(lines(other.talk), lines(plain.talk));
    });

  test('what is asked for alone is printed', () => {
    const { status, talk } = run('--trace=nanosleep,%signal', TRACED);
    assert.is(status, 7);
    const names = [...talk.matchAll(/^(\w+)\(/gm)].map(([, name]) => name);
    assert.equal(new Set(names), new Set(['rt_sigaction', 'rt_sigprocmask', 'sigaltstack', 'nanosleep']));
    assert.match(talk, /^motte: --trace makes this a debug Keep/);
    assert.match(talk, /\+\+\+ exited with 7 \+\+\+\n$/);
  });

  test('an unsupported call is named once for its number, with its caller', () => {
    const { status, talk } = run('--debug', ASKS);
    assert.is(status, 0);
    const told = talk.split('\n').filter((line) => line.startsWith('motte: the program called'));
    assert.is(told.length, 1, talk);
    const expected =
      /io_uring_setup \(425\), which this Keep does not support, at ask\+0x[0-9a-f]+ \(.*asks\): io_uring_setup\(0x8, 0x1234.* = -1 ENOSYS/;
    assert.match(told[0] ?? '', expected);
  });

  test('without debug nothing is told', () => {
    const { status, talk } = run(ASKS);
    assert.is(status, 0);
    assert.not.match(talk, /io_uring/);
  });

  test('a Keep that cannot be looked into is refused', () => {
    const toml = join(FOLDER, 'Keep.toml');
    writeFileSync(toml, '');
    for (const args of [
      ['--trace', '--shim', shimPath('sgx2.elf')],
      ['--trace', '--config', toml],
    ]) {
      const { status, talk } = run(...args, TRACED);
      assert.is(status, 122);
      assert.match(talk, /\[DEBUG_REFUSED\]/);
    }
  });

  test('each command of docs/debugging.md', () => {
    const page = readFileSync(join(ROOT, 'docs/debugging.md'), 'utf8');
    // What waits for gdb is gdb.test's.
    const lines = [...page.matchAll(/^motte run (.*)$/gm)].map(([, line = '']) => line);
    const commands = lines.filter((line) => !/--gdb\b/.test(line)).map((line) => line.split(' '));
    assert.ok(commands.length >= 3, page);
    for (const words of commands) {
      const args = words.map((word) => (word === 'PROGRAM' ? TRACED : word));
      const ran = spawnSync(MOTTE, ['run', ...args], { ...LIMIT, cwd: FOLDER });
      assert.is(ran.status, 7, `${words.join(' ')}: ${ran.stderr}`);
    }
    assert.match(readFileSync(join(FOLDER, 'calls.txt'), 'utf8'), /^openat\(AT_FDCWD, "\/tmp\/motte-traced/m);
  });

  test('a name that no call has is refused with the nearest', () => {
    const { status, talk } = run('--trace=opn', TRACED);
    assert.is(status, 64);
    assert.match(talk, /did you mean open\?/);
  });
}

test.run();
