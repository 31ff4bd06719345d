// SPDX-License-Identifier: Apache-2.0
// What the handler at CSSA 1 makes of every vector (docs/adr/0004): the emulated CPU reports only what a CPU can.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { REASONS } from '@motte/hostcall/reasons';
import { tempFolder } from '@motte/test-helpers/temp';
import { SHIM } from './support/probe.js';

const HARDWARE = 3;
const SOFTWARE = 6;
const NOP = 0x9090;
const SERVED = 0;
const UNMAPPED = 1;
const DENIED = 2;
const TAMPERED = 3;

interface Row {
  readonly vector: number;
  readonly type?: number;
  /** The two bytes at RIP, little-endian. */
  readonly code?: number;
  readonly where?: 'text' | 'ended' | 'shim' | 'signal';
  readonly at?: number;
  readonly errcd?: number;
  readonly fault?: number;
}

const line = ({
  vector,
  type = HARDWARE,
  code = NOP,
  where = 'text',
  at = 0x10,
  errcd = 0,
  fault = 0,
}: Row): string =>
  [0x80000000 + (type << 8) + vector, code, where, at, errcd, 0x1234, fault]
    .map((one) => (typeof one === 'number' ? one.toString(16) : one))
    .join(' ');

function handle(rows: readonly Row[]): string[] {
  const out = join(tempFolder('motte-vectors'), 'vectors');
  const flags = [
    '-std=gnu11',
    '-O1',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-fno-builtin',
    '-I',
    join(SHIM, '../core/test/c'),
  ];
  const sources = [
    join(SHIM, 'test/c/vectors.c'),
    ...['exception.c', 'context.c', '../core/fault.c'].map((name) => join(SHIM, name)),
  ];
  const built = spawnSync('gcc-12', [...flags, ...sources, '-o', out], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
  const ran = spawnSync(out, { input: rows.map((row) => `${line(row)}\n`).join(''), encoding: 'utf8' });
  assert.is(ran.status, 0, ran.stderr);
  return ran.stdout.trimEnd().split('\n');
}

const REFUSED = `refused ${REASONS.EXCEPTION.number} 0`;

/** Signals of the vectors that SGX reports; #UD, #PF and #BP have rows of their own. */
const SIGNALS: Readonly<Record<number, string>> = {
  0: 'signal 8 code 1 at rip',
  1: 'signal 5 code 2 at rip',
  5: 'signal 11 code 128',
  6: 'signal 4 code 2 at rip',
  13: 'signal 11 code 128',
  16: 'signal 8 code 6 at rip',
  17: 'signal 7 code 1',
  19: 'signal 8 code 6 at rip',
};

const PF = 14;
const ROWS: readonly [name: string, row: Row, expected: string][] = [
  ['syscall', { vector: 6, code: 0x050f }, 'syscall 12 44746 246'],
  ['cpuid', { vector: 6, code: 0xa20f }, 'cpuid 12'],
  [
    'half a syscall at the end of what is executable',
    { vector: 6, code: 0x050f, at: 0xfff },
    'signal 4 code 2 at rip',
  ],
  ['a whole one just before', { vector: 6, code: 0x050f, at: 0xffe }, 'syscall 1000 44746 246'],
  ['sysenter', { vector: 6, code: 0x340f }, 'signal 4 code 2 at rip'],
  ['int3', { vector: 3, type: SOFTWARE, code: 0x90cc }, 'signal 5 code 128'],
  ['int 3 of two bytes', { vector: 3, type: SOFTWARE, code: 0x03cd }, 'signal 5 code 128'],
  ['#BP where there is no int3', { vector: 3, type: SOFTWARE }, REFUSED],
  ['#BP as a hardware exception', { vector: 3, code: 0x90cc }, REFUSED],
  ['#UD as a software exception', { vector: 6, type: SOFTWARE, code: 0x050f }, REFUSED],
  ['a page that comes', { vector: PF, errcd: 4, fault: SERVED }, 'resume 1'],
  ['a write', { vector: PF, errcd: 6, fault: SERVED }, 'resume 2'],
  ['a fetch', { vector: PF, errcd: 0x14, fault: SERVED }, 'resume 4'],
  ['a page that is not mapped', { vector: PF, errcd: 4, fault: UNMAPPED }, 'signal 11 code 1 at maddr'],
  ['a page that may not be', { vector: PF, errcd: 6, fault: DENIED }, 'signal 11 code 2 at maddr'],
  ['rt_sigreturn', { vector: 6, code: 0x050f, at: 0xf }, 'return f'],
  ['a fetch of a task that ends', { vector: PF, errcd: 0x14, where: 'ended' }, 'exit 12 44746 246'],
  ['a trap of one', { vector: 1, where: 'ended' }, 'exit 12 44746 246'],
  ['a signal that is due', { vector: 6, where: 'signal', at: 0x20 }, 'deliver 20'],
  [
    'a page that the ledger has',
    { vector: PF, errcd: 4, fault: TAMPERED },
    `refused ${REASONS.MEMORY_LEDGER.number} 0`,
  ],
  ['#PF in the shim', { vector: PF, where: 'shim', at: 0x20 }, `refused ${REASONS.SHIM_FAULT.number} 20`],
  [
    'syscall in the shim',
    { vector: 6, code: 0x050f, where: 'shim' },
    `refused ${REASONS.SHIM_FAULT.number} 10`,
  ],
];

if (spawnSync('gcc-12', ['--version']).status !== 0) console.log('skipped: vectors: gcc-12 is not installed');
else {
  test('every vector on an ordinary instruction', () => {
    const vectors = [...Array(256).keys()].filter((vector) => vector !== PF);
    assert.equal(
      handle(vectors.map((vector) => ({ vector }))),
      vectors.map((vector) => SIGNALS[vector] ?? REFUSED),
    );
  });

  test('no vector is a software exception but #BP', () => {
    const vectors = [...Array(256).keys()].filter((vector) => vector !== 3);
    const lines = handle(vectors.map((vector) => ({ vector, type: SOFTWARE })));
    assert.ok(lines.every((one) => one === REFUSED));
  });

  test('what is served, and what cannot be', () => {
    assert.equal(
      handle(ROWS.map(([, row]) => row)).map((found, i) => `${ROWS[i]?.[0]}: ${found}`),
      ROWS.map(([name, , expected]) => `${name}: ${expected}`),
    );
  });
}

test.run();
