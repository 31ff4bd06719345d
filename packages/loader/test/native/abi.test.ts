// SPDX-License-Identifier: Apache-2.0
// Native code that no Keep is needed for: the entry function's ABI, and what the CPU's folder may not contain.
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const NATIVE = join(ROOT, 'packages/loader/native');
const INCLUDES = ['-I', NATIVE, '-I', join(NATIVE, 'generated')];
const folder = tempFolder('motte-abi');
const cpuObject = join(folder, 'cpu.o');

const cpuSources = readdirSync(join(NATIVE, 'cpu'))
  .filter((name) => /\.(c|S)$/.test(name))
  .map((name) => join(NATIVE, 'cpu', name));

function gcc(args: readonly string[]): void {
  execFileSync('gcc-12', ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', ...INCLUDES, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

gcc([
  '-ffreestanding',
  '-mgeneral-regs-only',
  '-fno-stack-protector',
  '-fno-pie',
  '-r',
  '-nostdlib',
  ...cpuSources,
  '-o',
  cpuObject,
]);

test('emulated_enter has the ABI of __vdso_sgx_enter_enclave', () => {
  const program = join(folder, 'abi');
  gcc([
    '-static',
    '-no-pie',
    '-fno-pie',
    join(ROOT, 'packages/loader/test/native/abi.c'),
    join(NATIVE, 'enter.S'),
    cpuObject,
    '-o',
    program,
  ]);
  assert.is(execFileSync(program, { encoding: 'utf8' }), 'ok\n');
});

test('the emulated CPU calls nothing of libc and uses no thread-local storage', () => {
  const wanted = execFileSync('nm', ['-u', cpuObject], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().replace(/^U /, ''))
    .filter((name) => name !== '');
  assert.equal(wanted.toSorted(), ['__executable_start', 'etext']);
  const code = execFileSync('objdump', ['-d', '--no-show-raw-insn', cpuObject], { encoding: 'utf8' });
  assert.equal(
    code.split('\n').filter((line) => line.includes('%fs:')),
    [],
  );
  // XSAVE and XRSTOR move the Keep's vector registers; nothing else may touch them.
  const vectors = code.split('\n').filter((line) => /%[xyz]mm\d/.test(line));
  assert.equal(vectors, []);
});

test.run();
