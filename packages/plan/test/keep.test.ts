// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readBytes } from '@motte/binary/source';
import { TCS } from '@motte/binary/sgx/tcs';
import type { PagePlan, PageRun } from '@motte/plan/plan';
import { permissionsText } from '@motte/plan/ndjson/line';
import { sgxKeepPlan } from '@motte/plan/sgx/keep';
import type { KeepInput } from '@motte/plan/sgx/keep';
import { KEEP_INFO } from '@motte/plan/sgx/keep-info';
import { planSecs } from '@motte/plan/sgx/secs';
import { planTotals } from '@motte/plan/totals';
import { codeAndField } from '@motte/test-helpers/errors';
import { ROOT } from '@motte/test-helpers/vectors';
import { sameBytes } from '@motte/test-helpers/bytes';
import { sampleExec, sampleShim } from './samples.js';

const { shim, bytes: shimFile } = sampleShim();
const { exec, bytes: execFile } = sampleExec();

const BASE: KeepInput = {
  shim,
  exec,
  execName: 'app',
  threads: 2,
  memory: 0x10000n,
  version: 2,
  debug: false,
};

function page(run: PageRun): Uint8Array {
  const out = new Uint8Array(4096);
  out.set(readBytes(run.bytes, 0, run.bytes.size));
  return out;
}

function find(plan: PagePlan, section: string): PageRun {
  const run = plan.runs.find((candidate) => candidate.source.section === section);
  if (run === undefined) throw new Error(`no run ${section}`);
  return run;
}

/** One line a run: where, how many pages, how, from where. */
function outline(plan: PagePlan): string[] {
  return plan.runs.map((run) => {
    const { file, section } = run.source;
    const how = `${permissionsText(run.permissions)} ${run.measured ? 'measured' : 'unmeasured'}`;
    return `0x${run.address.toString(16)} ${run.pages} ${run.kind} ${how} ${file}: ${section}`;
  });
}

const BLOCK = (start: number, index: number): string[] => [
  `0x${(start + 0x1000).toString(16)} 8 reg rw- unmeasured keep: stack ${index}`,
  `0x${(start + 0xa000).toString(16)} 8 reg rw- unmeasured keep: exception stack ${index}`,
  `0x${(start + 0x13000).toString(16)} 1 reg rw- measured keep: thread page ${index}`,
  `0x${(start + 0x14000).toString(16)} 2 reg rw- unmeasured keep: ssa ${index}`,
  `0x${(start + 0x16000).toString(16)} 1 tcs --- measured keep: tcs ${index}`,
];

const common = (threads: number): string[] => [
  '0x0 1 secs --- unmeasured keep: secs',
  '0x0 1 reg r-- measured shim: PT_LOAD 0',
  '0x1000 2 reg r-x measured shim: PT_LOAD 1',
  '0x3000 2 reg rw- measured shim: PT_LOAD 2',
  '0x6000 1 reg r-- measured keep: keep info',
  ...[0x8000, 0x20000].slice(0, threads).flatMap(BLOCK),
  '0x200000 1 reg r-- measured app: PT_LOAD 0',
  '0x201000 1 reg r-x measured app: PT_LOAD 1',
  '0x203000 5 reg rw- measured app: PT_LOAD 2',
];

test('the SGX2 layout is the one of docs/sgx-keep.md, with the first thread alone', () => {
  const plan = sgxKeepPlan(BASE);
  assert.equal(outline(plan), common(1));
  assert.is(plan.size, 0x800000n);
  const { attributes, xfrm, miscselect, ssaframesize, size } = planSecs(plan);
  assert.equal([size, ssaframesize, attributes, xfrm, miscselect], [0x800000n, 1, 0x84n, 0x7n, 1]);
});

test('the SGX1 layout has all threads, the whole heap, unmeasured, and no EXINFO', () => {
  const plan = sgxKeepPlan({ ...BASE, version: 1, debug: true, xfrm: 0x3n });
  assert.equal(outline(plan), [...common(2), '0x400000 16 reg rw- unmeasured keep: heap']);
  const { attributes, xfrm, miscselect } = planSecs(plan);
  assert.equal([attributes, xfrm, miscselect], [0x86n, 0x3n, 0]);
  assert.equal(planTotals(plan), { measured: 17, unmeasured: 16 + 2 * 18 });
});

test('threads that the Keep makes itself cost addresses and nothing else', () => {
  const [one, many] = [1, 256].map((threads) => planTotals(sgxKeepPlan({ ...BASE, threads })));
  assert.equal(many, one);
});

test('KEEP_INFO says what the plan does', () => {
  const info = KEEP_INFO.readStrict(page(find(sgxKeepPlan(BASE), 'keep info')));
  assert.equal(
    { ...info, reserved_070: undefined },
    {
      magic: 0x31494b4554544f4dn,
      version: 1,
      flags: 1,
      elrange_size: 0x800000n,
      thread_start: 0x8000n,
      thread_count: 2n,
      exec_start: 0x200000n,
      exec_end: 0x208000n,
      exec_entry: 0x201004n,
      exec_phdr: 0x200000n + exec.phdr.address,
      exec_phnum: BigInt(exec.phdr.count),
      heap_start: 0x400000n,
      heap_end: 0x800000n,
      xfrm: 7n,
      memory: 0x10000n,
      reserved_070: undefined,
    },
  );
  assert.is(KEEP_INFO.read(page(find(sgxKeepPlan({ ...BASE, version: 1 }), 'keep info'))).flags, 0);
});

test('each TCS enters the shim with its own frames and thread page', () => {
  const plan = sgxKeepPlan({ ...BASE, version: 1 });
  [0x8000n, 0x20000n].forEach((start, i) => {
    const tcs = TCS.readStrict(page(find(plan, `tcs ${i}`)));
    assert.is(tcs.ossa, start + 0x14000n);
    assert.equal([tcs.nssa, tcs.cssa, tcs.flags, tcs.stage], [2, 0, 0n, 0n]);
    assert.equal([tcs.oentry, tcs.ofsbase, tcs.ogsbase], [0x1040n, start + 0x13000n, start + 0x13000n]);
    assert.equal([tcs.fslimit, tcs.gslimit], [0xfff, 0xfff]);
  });
});

test('segments hold the bytes of their file, and zeros before and after', () => {
  const plan = sgxKeepPlan(BASE);
  const [, , data] = exec.loads;
  const run = plan.runs.find(({ source }) => source.file === 'app' && source.section === 'PT_LOAD 2');
  assert.ok(run !== undefined && data !== undefined);
  assert.equal([run.source.lead, run.source.offset, run.bytes.size], [0xe80, data.offset, 0xe80 + 0x380]);
  const found = readBytes(run.bytes, 0, run.bytes.size);
  sameBytes(found.subarray(0, 0xe80), new Uint8Array(0xe80));
  sameBytes(found.subarray(0xe80), execFile.subarray(data.offset, data.offset + 0x380));
  const code = plan.runs[2];
  assert.ok(code !== undefined);
  sameBytes(
    readBytes(code.bytes, 0, 0x1800),
    shimFile.subarray(code.source.offset, code.source.offset + 0x1800),
  );
});

test('an exec that is called like a part of the Keep is told apart', () => {
  for (const execName of ['shim', 'keep']) {
    const files = sgxKeepPlan({ ...BASE, execName }).runs.map(({ source }) => source.file);
    assert.is(files.filter((file) => file === `./${execName}`).length, 3);
  }
});

test('what cannot be laid out is refused by its own reason', () => {
  const exec46 = { ...exec, end: 1n << 46n };
  const cases: readonly (readonly [string, Partial<KeepInput>, string])[] = [
    ['no thread', { threads: 0 }, 'PLAN_THREADS threads'],
    ['half a thread', { threads: 1.5 }, 'PLAN_THREADS threads'],
    ['too many threads', { threads: 4097 }, 'PLAN_THREADS threads'],
    ['no memory', { memory: 0n }, 'PLAN_MEMORY memory'],
    ['negative memory', { memory: -4096n }, 'PLAN_MEMORY memory'],
    ['half a page', { memory: 0x10800n }, 'PLAN_MEMORY memory'],
    ['more memory than addresses', { memory: 1n << 46n }, 'PLAN_TOO_LARGE memory'],
    ['an exec larger than the address space', { exec: exec46 }, 'PLAN_TOO_LARGE exec'],
    ['a heap larger than any EPC', { memory: 1n << 41n, version: 1 }, 'PLAN_TOO_LARGE pages'],
    ['no SSE', { xfrm: 1n }, 'PLAN_XFRM xfrm'],
    ['nothing', { xfrm: 0n }, 'PLAN_XFRM xfrm'],
    ['half of AVX-512', { xfrm: 0x27n }, 'PLAN_XFRM xfrm'],
    ['AVX-512 without AVX', { xfrm: 0xe3n }, 'PLAN_XFRM xfrm'],
    ['half of MPX', { xfrm: 0xfn }, 'PLAN_XFRM xfrm'],
    ['an unknown bit', { xfrm: 0x107n }, 'PLAN_XFRM xfrm'],
    ['AMX in frames of one page', { xfrm: 0x60007n }, 'PLAN_XFRM xfrm'],
  ];
  for (const [name, change, expected] of cases)
    assert.is(
      codeAndField(() => sgxKeepPlan({ ...BASE, ...change })),
      expected,
      name,
    );
  for (const xfrm of [0x3n, 0x7n, 0x1fn, 0xe7n, 0x2e7n])
    assert.is(
      codeAndField(() => sgxKeepPlan({ ...BASE, xfrm })),
      'accepted',
    );
});

test('a large heap costs an SGX2 plan nothing but a number', () => {
  const small = sgxKeepPlan({ ...BASE, memory: 64n << 20n });
  const large = sgxKeepPlan({ ...BASE, memory: 16n << 30n });
  assert.is(large.runs.length, small.runs.length);
  assert.equal(planTotals(large), planTotals(small));
  // 16 addresses a byte, but not past what most CPUs take for reservations alone.
  assert.is(small.size, 2n << 30n);
  assert.is(large.size, 64n << 30n);
  assert.is(sgxKeepPlan({ ...BASE, memory: 64n << 30n }).size, 128n << 30n);
});

test('the thread block of the contract is the one that is planned', () => {
  const text = readFileSync(join(ROOT, 'docs/sgx-keep.md'), 'utf8');
  const rows = [
    ...text.matchAll(/^\| (0x[0-9a-f]+) \| (?!guard|next)([^|]+)\| (\d+) \| (RW)? ?\| (yes|no)/gmu),
  ];
  const documented = rows.map((row) => [Number(row[1]), Number(row[3]), row[4] === 'RW', row[5] === 'yes']);
  const planned = sgxKeepPlan({ ...BASE, threads: 1 })
    .runs.filter(({ address }) => address >= 0x8000n && address < 0x20000n)
    .map((run) => [Number(run.address) - 0x8000, run.pages, run.permissions.write, run.measured]);
  assert.is(documented.length, 5);
  assert.equal(planned, documented);
});

test.run();
