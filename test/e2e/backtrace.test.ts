// SPDX-License-Identifier: Apache-2.0
// What a debug Keep says when a signal ends it: the functions are those that gdb finds in the same program natively.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { EMULATE_FLAG, patience } from '@motte/test-helpers/emulation';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { reportFunctions } from './support/seen.js';

const MOTTE = join(ROOT, 'node_modules/.bin/motte');
const CRASH = join(tempFolder('motte-backtrace'), 'crash');
/** Each function stays one, and has its frame. */
const FLAGS = ['-static-pie', '-O2', '-fno-optimize-sibling-calls', '-Wall', '-Wextra'];
const LIMIT = { encoding: 'utf8', timeout: patience(120_000) } as const;

const has = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;

/** How it ends, with which status, and what the report says before the registers. */
const ENDS = [
  ['write', 139, 'SIGSEGV: page fault at 0x18, write'],
  ['divide', 136, 'SIGFPE: division error'],
  // Code outside of an enclave is #GP to the CPU.
  ['call', 139, 'SIGSEGV: general protection'],
  ['undefined', 132, 'SIGILL: invalid instruction'],
  ['abort', 134, 'SIGABRT: by a system call of its own'],
  ['handler', 139, 'SIGSEGV: page fault at 0x18, write'],
] as const;

/** gdb's, natively; undefined where it may not trace. */
function theirs(how: string): string[] | undefined {
  const passed = ['-ex', 'handle SIGUSR1 nostop noprint pass', '-ex', 'run', '-ex', 'bt'];
  const args = ['-nx', '-batch', ...passed, '--args', CRASH, how];
  const { stdout } = spawnSync('gdb', args, { ...LIMIT, env: { ...process.env, DEBUGINFOD_URLS: '' } });
  const frames = stdout.matchAll(/^#\d+ +(?:0x[0-9a-f]+ in )?(\S+|<signal handler called>) ?(?:\(|$)/gm);
  // gdb has a way of its own to write what gcc calls end.cold.
  const names = [...frames].map(([, name = '']) => name.replace(/\[cold\]$/, '.cold'));
  return names.length === 0 ? undefined : names;
}

if (!has('gcc-12')) console.log('skipped: backtraces: gcc-12 is not installed');
else {
  test('the program builds', () => {
    const source = join(ROOT, 'test/e2e/c/crash.c');
    const made = spawnSync('gcc-12', [...FLAGS, source, '-o', CRASH], LIMIT);
    assert.is(made.status, 0, made.stderr);
  });

  for (const [how, status, why] of ENDS)
    test(`${how}: reason, registers and functions`, () => {
      const ran = spawnSync(MOTTE, ['run', EMULATE_FLAG, '--debug', CRASH, how], LIMIT);
      assert.is(ran.status, status, ran.stderr);
      assert.ok(ran.stderr.includes(`motte: the program was ended by ${why}\n`), ran.stderr);
      assert.match(ran.stderr, /\brip [0-9a-f]{16}/);
      assert.match(ran.stderr, /\brsp [0-9a-f]{16}/);
      const found = reportFunctions(ran.stderr);
      const functions = ['middle', 'outer', 'outer', 'outer', 'main'];
      const from = found.indexOf('middle');
      assert.equal(found.slice(from, from + functions.length), functions, ran.stderr);
    });

  if (!has('gdb')) console.log('skipped: backtraces equal to gdb’s: gdb is not installed');
  else
    for (const [how] of ENDS)
      test(`${how}: the functions that gdb finds`, () => {
        const expected = theirs(how);
        if (expected === undefined) {
          console.log('skipped: backtraces equal to gdb’s: gdb cannot trace here');
          return;
        }
        const { stderr } = spawnSync(MOTTE, ['run', EMULATE_FLAG, '--debug', CRASH, how], LIMIT);
        const upToMain = (names: readonly string[]): string[] => names.slice(0, names.indexOf('main') + 1);
        assert.equal(upToMain(reportFunctions(stderr)), upToMain(expected), stderr);
      });

  test('lines, where the program has them', () => {
    const source = join(ROOT, 'test/e2e/c/crash.c');
    const made = spawnSync('gcc-12', [...FLAGS, '-g', source, '-o', `${CRASH}-g`], LIMIT);
    assert.is(made.status, 0, made.stderr);
    const ran = spawnSync(MOTTE, ['run', '--emulate', '--debug', `${CRASH}-g`, 'write'], LIMIT);
    assert.match(ran.stderr, /^ {2}#0 .* in end\+0x[0-9a-f]+ \(.*\) at .*crash\.c:16$/m);
    assert.match(ran.stderr, / in main\+0x[0-9a-f]+ \(.*\) at .*crash\.c:\d+$/m);
  });

  test('a Keep without debug says nothing of its program', () => {
    const ran = spawnSync(MOTTE, ['run', EMULATE_FLAG, CRASH, 'write'], LIMIT);
    assert.is(ran.status, 139);
    assert.not.match(ran.stderr, /rip|middle|ended by/);
  });
}

test.run();
