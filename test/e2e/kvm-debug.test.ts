// SPDX-License-Identifier: Apache-2.0
// What is seen of debug Keeps in virtual machines: a trace that is strace's, reports of faults, the line for what a Keep does not
// support. A debugger: gdb-vm.test.ts.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import type { Kvm, KvmKind } from '@motte/test-helpers/tcg/with-kvm';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { reportFunctions, traceLines } from './support/seen.js';

const MOTTE = join(ROOT, 'toolchain/motte/dist/motte.cjs');
const FOLDER = tempFolder('motte-kvm-debug');
const [TRACED, ASKS, CRASH] = ['traced', 'asks', 'crash'].map((name) => join(FOLDER, name)) as [
  string,
  string,
  string,
];
const SECONDS = 120;

function compile(source: string, out: string, ...flags: readonly string[]): void {
  const all = ['-static-pie', ...flags, join(ROOT, 'test/e2e/c', source), '-o', out];
  const made = spawnSync('gcc-12', all, { encoding: 'utf8' });
  assert.is(made.status, 0, made.stderr);
}

interface Ran {
  readonly status: number | null;
  readonly talk: string;
}

/** A run, and what must be seen of it. */
interface Seen {
  readonly name: string;
  readonly args: readonly string[];
  readonly check: (ran: Ran) => void;
}

/** The faults are of ring 3, before which the CPU keeps no secrets: what an enclave hides of an address is there. */
const ENDS = [
  ['kvm', 'write', 139, /SIGSEGV: page fault at 0x18, write$/m],
  ['kvm', 'call', 139, /SIGSEGV: page fault at 0x[0-9a-f]+, execute$/m],
  ['kvm', 'divide', 136, /SIGFPE: division error$/m],
  ['kvm', 'abort', 134, /SIGABRT: by a system call of its own$/m],
  ['snp', 'handler', 139, /SIGSEGV: page fault at 0x18, write$/m],
] as const;

function teeArgs(tee: 'kvm' | 'snp'): readonly string[] {
  return tee === 'kvm' ? ['--tee', 'kvm'] : ['--tee', 'snp', '--emulate'];
}

const SEEN: readonly Seen[] = [
  {
    name: 'each line of a trace is strace’s',
    args: ['--tee', 'kvm', '--trace', TRACED],
    check: ({ status, talk }) => {
      assert.is(status, 7, talk);
      const theirs = join(FOLDER, 'strace.txt');
      const native = spawnSync('strace', ['-o', theirs, TRACED], { encoding: 'utf8' });
      if (native.error !== undefined) {
        console.log('skipped: lines equal to strace: strace is not installed');
        return;
      }
      const expected = traceLines(readFileSync(theirs, 'utf8'));
      assert.ok(expected.length > 40, `${expected.length} lines`);
      assert.equal(traceLines(talk).slice(-expected.length), expected);
    },
  },
  {
    name: 'an unsupported call is named once for its number, with its caller',
    args: ['--tee', 'kvm', '--debug', ASKS],
    check: ({ status, talk }) => {
      assert.is(status, 0, talk);
      const told = talk.split('\n').filter((line) => line.startsWith('motte: the program called'));
      assert.is(told.length, 1, talk);
      assert.match(
        told[0] ?? '',
        /io_uring_setup \(425\), .* at ask\+0x[0-9a-f]+ \(.*asks\): .* = -1 ENOSYS/,
      );
    },
  },
  ...ENDS.map(([tee, how, expected, why]) => ({
    name: `${tee}, ${how}: reason, registers and functions`,
    args: [...teeArgs(tee), '--debug', CRASH, how],
    check: ({ status, talk }: Ran) => {
      assert.is(status, expected, talk);
      assert.match(talk, why);
      assert.match(talk, /\brip [0-9a-f]{16}/);
      assert.match(talk, /\brsp [0-9a-f]{16}/);
      const found = reportFunctions(talk);
      const functions = ['middle', 'outer', 'outer', 'outer', 'main'];
      const from = found.indexOf('middle');
      assert.equal(found.slice(from, from + functions.length), functions, talk);
    },
  })),
  {
    name: 'a Keep without debug says nothing of its program',
    args: ['--tee', 'kvm', CRASH, 'write'],
    check: ({ status, talk }) => {
      assert.is(status, 139, talk);
      assert.not.match(talk, /rip|middle|ended by/);
    },
  },
];

async function ran(kvm: Kvm, args: readonly string[]): Promise<Ran> {
  const argv = [process.execPath, MOTTE, 'run', ...args];
  const { status, stderr } = await kvm.runRepeatable(argv, { cwd: FOLDER, seconds: SECONDS });
  return { status, talk: stderr.toString() };
}

/** Two at a time, as many as there are processors. Defines their tests. */
async function testAll(kvm: Kvm, seen: readonly Seen[]): Promise<void> {
  const all: Ran[] = [];
  const queue = [...seen.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      all[next[0]] = await ran(kvm, next[1].args);
  };
  await Promise.all([work(), work()]);
  console.log(`${seen.length} debug Keeps on: ${kvm.kind}`);
  for (const [i, { name, check }] of seen.entries()) test(name, () => check(all[i] as Ran));
}

const simulated = ({ args }: Seen): boolean => args.includes('snp');

/** A simulated SEV-SNP wants another KVM than one in software; all else runs on the first there is. */
async function testOn(kinds: readonly KvmKind[], which: readonly Seen[]): Promise<void> {
  // Booted after the programs were built: the machine sees the host's files as they are when a command starts.
  const kvm = await kvmOrWhy({ kinds });
  if (typeof kvm === 'string') {
    console.log(`skipped: what is seen of debug Keeps in virtual machines: ${kvm}`);
    return;
  }
  const here = kvm.kind === 'pvm' ? which.filter((one) => !simulated(one)) : which;
  await testAll(kvm, here);
  await kvm.end();
  if (here.length < which.length) await testOn(['kvm', 'tcg'], which.filter(simulated));
}

if (spawnSync('gcc-12', ['--version']).error !== undefined)
  console.log('skipped: what is seen of debug Keeps in virtual machines: gcc-12 is not installed');
else {
  compile('traced.c', TRACED, '-O1', '-nostdlib', '-ffreestanding', '-fno-stack-protector');
  compile('asks.c', ASKS, '-O1');
  compile('crash.c', CRASH, '-O2', '-fno-optimize-sibling-calls');
  await testOn(['kvm', 'pvm', 'tcg'], SEEN);
}

test.run();
