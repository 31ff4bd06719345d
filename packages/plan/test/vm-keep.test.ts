// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BLOCK_SIZE } from '@motte/hostcall/block';
import { readBytes } from '@motte/binary/source';
import { permissionsText } from '@motte/plan/ndjson/line';
import type { PagePlan, PageRun } from '@motte/plan/plan';
import { VMSA, VMSA_SEGMENT } from '@motte/plan/snp/vmsa';
import { planTotals } from '@motte/plan/totals';
import { VM_INFO } from '@motte/plan/vm/info';
import { vmKeepPlan } from '@motte/plan/vm/keep';
import type { VmKeepInput, VmMode } from '@motte/plan/vm/keep';
import { vmLaunchPlan } from '@motte/plan/vm/launch';
import { VM_MAP } from '@motte/plan/vm/map';
import { sameBytes } from '@motte/test-helpers/bytes';
import { codeAndField } from '@motte/test-helpers/errors';
import { ROOT } from '@motte/test-helpers/vectors';
import { translate, translateViews } from './page-table-walk.js';
import type { Translated } from './page-table-walk.js';
import { sampleExec, sampleShim, sampleVmShim } from './samples.js';

const { shim } = sampleVmShim();
const { exec } = sampleExec();
const CONFIG = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const KVM: VmMode = { tee: 'kvm', config: CONFIG };
const C_BIT = 1n << 51n;
const SNP: VmMode = {
  tee: 'snp',
  cBit: C_BIT,
  additions: {
    source: 'a test',
    efer: 0x1000n,
    cr4: 0x40n,
    registers: { dr6: 0xffff0ff0n, dr7: 0x400n, g_pat: 0x7040600070406n, mxcsr: 0x1f80, x87_fcw: 0x37f },
    features: 1n,
  },
};

const INPUT: VmKeepInput = { shim, exec, execName: 'app', threads: 2, memory: 0x10000n, mode: KVM };
const BASE = BigInt(VM_MAP.BASE);

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

function outline(plan: PagePlan): string[] {
  return plan.runs.map((run) => {
    const { file, section } = run.source;
    const how = `${permissionsText(run.permissions)} ${run.measured ? 'measured' : 'unmeasured'}`;
    return `0x${run.address.toString(16)} ${run.pages} ${run.kind} ${how} ${file}: ${section}`;
  });
}

/** What the exec's CR3 leads to. On KVM the shim's own view has the same pages, all of them for ring 3. */
function tablesOf(plan: PagePlan, cBit: bigint): Translated[] {
  const run = find(plan, 'page tables');
  const bytes = new Uint8Array(run.pages * 4096);
  bytes.set(readBytes(run.bytes, 0, run.bytes.size));
  const { root_table, shim_table } = VM_INFO.read(page(find(plan, 'vm info')));
  if (plan.tee === 'snp') {
    assert.is(shim_table, 0n);
    return translate(bytes, BASE + run.address, cBit);
  }
  const second = Number((shim_table - root_table) / 4096n);
  const [own, all] = translateViews(bytes, BASE + run.address, second);
  assert.equal(
    all,
    own.map((one) => ({ ...one, user: true })),
  );
  return own;
}

const BLOCK = (start: number, index: number): string[] => [
  `0x${(start + 0x1000).toString(16)} 8 reg rw- measured keep: stack ${index}`,
  `0x${(start + 0xd000).toString(16)} 1 reg rw- measured keep: vcpu page ${index}`,
  `0x${(start + 0xe000).toString(16)} 1 reg rw- measured keep: system page ${index}`,
];

const BEFORE = [
  '0x0 1 reg r-- measured shim: PT_LOAD 0',
  '0x1000 2 reg r-x measured shim: PT_LOAD 1',
  '0x3000 1 reg r-x measured shim: PT_LOAD 2',
  '0x4000 2 reg rw- measured shim: PT_LOAD 3',
  '0x7000 1 reg r-- measured keep: vm info',
];
const AFTER = (tables: number): string[] => [
  ...BLOCK(0xb000, 0),
  ...BLOCK(0x1b000, 1),
  `0x2b000 ${tables} reg rw- measured keep: page tables`,
  '0x200000 1 reg r-- measured app: PT_LOAD 0',
  '0x201000 1 reg r-x measured app: PT_LOAD 1',
  '0x203000 5 reg rw- measured app: PT_LOAD 2',
  '0xfffefffff000 1 vmsa --- measured keep: vmsa 0',
  '0xfffefffff000 1 vmsa --- measured keep: vmsa 1',
];

test('the layout on KVM is the one of docs/vm-keep.md', () => {
  const plan = vmKeepPlan(INPUT);
  // PML4; PDPTs of 0 and DIRECT; directories of SHARED, BASE and DIRECT; tables of SHARED, shim and exec. In the shim's view
  // again the PML4, the PDPT of 0, the directory of BASE, and the table of the shim, for its direct entry.
  assert.equal(outline(plan), [...BEFORE, ...AFTER(13)]);
  assert.is(plan.tee, 'kvm');
  // The pages that the shim hands out: 64 KiB, a sixty-fourth more, 4 MiB, in whole large pages.
  assert.is(plan.size, 0x400000n + 0x600000n);
  assert.equal(planTotals(plan), { measured: 6 + 1 + 2 * 10 + 13 + 7 + 2, unmeasured: 0 });
});

test('under SEV-SNP there are the pages of the firmware, GHCBs, and the C-bit', () => {
  const plan = vmKeepPlan({ ...INPUT, mode: SNP });
  assert.equal(outline(plan), [
    ...BEFORE,
    '0x8000 1 secrets rw- unmeasured keep: secrets',
    '0x9000 1 cpuid r-- unmeasured keep: cpuid',
    ...AFTER(11),
  ]);
  const pages = tablesOf(plan, C_BIT);
  for (const { virtual, encrypted } of pages)
    assert.is(encrypted, virtual >= BASE, `0x${virtual.toString(16)}`);
  const ghcbs = pages.filter(({ virtual }) => virtual >= 0xc0000000n && virtual < BASE);
  assert.equal(
    ghcbs.map(({ physical }) => physical),
    [0xc0000000n, 0xc0001000n, 0xc0002000n, 0xc0003000n],
  );
});

test('VM_INFO says what the plan does', () => {
  const info = VM_INFO.readStrict(page(find(vmKeepPlan(INPUT), 'vm info')).subarray(0, VM_INFO.size));
  const expected = {
    magic: 0x3149564554544f4dn,
    version: 1,
    mode: 0,
    vcpu_start: 0xb000n,
    vcpu_count: 2n,
    exec_start: 0x200000n,
    exec_end: 0x208000n,
    exec_entry: 0x201004n,
    exec_phdr: 0x200000n + exec.phdr.address,
    exec_phnum: BigInt(exec.phdr.count),
    heap_start: 0x400000n,
    heap_end: 0x500000n,
    memory: 0x10000n,
    pages_start: 0x400000n,
    pages_ready: 0xa00000n,
    pages_end: 0xa00000n,
    root_table: 0x2b000n,
    encrypted: 0n,
    xcr0: 7n,
    shim_table: 0x2b000n + 9n * 0x1000n,
  };
  for (const [name, value] of Object.entries(expected))
    assert.is(info[name as keyof typeof expected], value, name);
  sameBytes(info.config, CONFIG);
  const snp = VM_INFO.read(page(find(vmKeepPlan({ ...INPUT, mode: SNP, xcr0: 0xe7n }), 'vm info')));
  assert.equal([snp.mode, snp.encrypted, snp.xcr0], [1, C_BIT, 0xe7n]);
  sameBytes(snp.config, new Uint8Array(32));
});

test('each vCPU starts in the shim with its own page, and SNP measures what KVM adds', () => {
  for (const mode of [KVM, SNP]) {
    const plan = vmKeepPlan({ ...INPUT, mode });
    const snp = mode.tee === 'snp';
    [0xb000n, 0x1b000n].forEach((block, i) => {
      const state = VMSA.read(page(find(plan, `vmsa ${i}`)));
      const segment = (name: 'cs' | 'ss' | 'gs' | 'fs' | 'tr' | 'gdtr' | 'idtr'): unknown =>
        Object.values(VMSA_SEGMENT.read(state[name]));
      assert.is(state.rip, BASE + 0x1040n);
      assert.is(state.cr3, (BASE + 0x2b000n) | (snp ? C_BIT : 0n));
      assert.equal([state.cr0, state.rflags, state.xcr0], [0x80050033n, 2n, 7n]);
      assert.is(state.cr4, snp ? 0x340e60n : 0x340e20n);
      assert.is(state.efer, snp ? 0x1d01n : 0xd01n);
      assert.is(state.sev_features, snp ? 1n : 0n);
      assert.equal([state.mxcsr, state.x87_fcw], snp ? [0x1f80, 0x37f] : [0, 0]);
      assert.equal(segment('cs'), [8, 0x29b, 0xfffff, 0n]);
      assert.equal(segment('ss'), [0x10, 0xc93, 0xffffffff, 0n]);
      assert.equal(segment('tr'), [0x18, 0x8b, 0x67, 0n]);
      assert.equal(segment('gs'), [0, 0, 0, BASE + block + 0xd000n]);
      for (const name of ['fs', 'gdtr', 'idtr'] as const) assert.equal(segment(name), [0, 0, 0, 0n], name);
    });
  }
});

/** What docs/vm-keep.md says of a page of the Keep's own. */
const rights = (run: PageRun): string =>
  `${run.permissions.write ? 'w' : '-'}${run.permissions.execute ? 'x' : '-'}`;

test('the page tables map what is launched, at its own address, and nothing else of the Keep', () => {
  const anyInput = fc.record({
    threads: fc.integer({ min: 1, max: 40 }),
    memory: fc.bigInt({ min: 1n, max: 1n << 22n }).map((pages) => pages * 4096n),
    mode: fc.constantFrom(KVM, SNP),
  });
  fc.assert(
    fc.property(anyInput, (change) => {
      const plan = vmKeepPlan({ ...INPUT, ...change });
      const cBit = change.mode.tee === 'snp' ? C_BIT : 0n;
      const info = VM_INFO.read(page(find(plan, 'vm info')));
      const pages = tablesOf(plan, cBit);
      const launched = new Map<bigint, string>();
      for (const run of plan.runs) {
        if (run.kind === 'vmsa') continue;
        const user = run.source.file === 'app' || run.source.section === 'PT_LOAD 2';
        for (let i = 0; i < run.pages; i++)
          launched.set(BASE + run.address + BigInt(i * 4096), `${rights(run)}${user ? 'u' : '-'}`);
      }
      for (const one of pages) {
        assert.not.ok(one.write && one.execute);
        const mark = `${one.write ? 'w' : '-'}${one.execute ? 'x' : '-'}${one.user ? 'u' : '-'}`;
        if (one.virtual < BASE) {
          assert.is(one.physical, one.virtual);
          assert.is(mark, 'w--');
        } else if (one.virtual >= BigInt(VM_MAP.DIRECT)) {
          assert.is(one.physical, one.virtual - BigInt(VM_MAP.DIRECT) + BASE + info.pages_start);
          assert.ok(one.large && one.physical < BASE + info.pages_ready);
          assert.is(mark, 'w--');
        } else {
          assert.is(one.physical, one.virtual);
          assert.is(launched.get(one.virtual), mark, `0x${one.virtual.toString(16)}`);
          launched.delete(one.virtual);
        }
      }
      assert.is(launched.size, 0);
      const shared = pages.filter(({ virtual }) => virtual < 0xc0000000n).length;
      assert.is(shared * 4096, change.threads * BLOCK_SIZE);
      const direct = pages.filter(({ large }) => large).length;
      assert.is(BigInt(direct) * 0x200000n, info.pages_ready - info.pages_start);
      assert.is(info.vcpu_count, BigInt(change.threads));
      assert.ok(info.pages_end - info.pages_start >= change.memory + change.memory / 64n + (4n << 20n));
      assert.ok(info.heap_end - info.heap_start >= change.memory);
    }),
    { numRuns: 25 },
  );
});

test('the launch has each page once: contents as they are, zeros as the firmware makes them, vCPUs last', () => {
  const plan = vmKeepPlan({ ...INPUT, mode: SNP });
  const { runs } = vmLaunchPlan(plan);
  assert.equal(
    runs.map(({ gpa, pages, type }) => `0x${gpa.toString(16)} ${pages} ${type}`),
    [
      '0x100000000 1 normal',
      '0x100001000 2 normal',
      '0x100003000 1 normal',
      '0x100004000 1 normal',
      '0x100005000 1 zero',
      '0x100007000 1 normal',
      '0x100008000 1 secrets',
      '0x100009000 1 cpuid',
      ...[0x10000b000, 0x10001b000].flatMap((block) => [
        `0x${(block + 0x1000).toString(16)} 8 zero`,
        `0x${(block + 0xd000).toString(16)} 1 zero`,
        `0x${(block + 0xe000).toString(16)} 1 zero`,
      ]),
      '0x10002b000 11 normal',
      '0x100200000 1 normal',
      '0x100201000 1 normal',
      '0x100203000 2 normal',
      '0x100205000 3 zero',
      '0xfffffffff000 1 vmsa',
      '0xfffffffff000 1 vmsa',
    ],
  );
});

test('memory beyond what every program needs costs a plan a number', () => {
  const small = vmKeepPlan({ ...INPUT, memory: 256n << 20n });
  const large = vmKeepPlan({ ...INPUT, memory: 16n << 30n });
  assert.equal(outline(large), outline(small));
  const info = (plan: PagePlan) => VM_INFO.read(page(find(plan, 'vm info')));
  for (const plan of [small, large]) assert.is(info(plan).pages_ready - info(plan).pages_start, 64n << 20n);
  assert.is(info(large).heap_end - info(large).heap_start, 64n << 30n);
  assert.is(info(small).heap_end - info(small).heap_start, 4n << 30n);
});

test('what cannot be laid out is refused by its own reason', () => {
  const cases: readonly (readonly [string, Partial<VmKeepInput>, string])[] = [
    ['no thread', { threads: 0 }, 'PLAN_THREADS threads'],
    ['too many threads', { threads: 4097 }, 'PLAN_THREADS threads'],
    ['as many as can be', { threads: 4096 }, 'accepted'],
    ['no memory', { memory: 0n }, 'PLAN_MEMORY memory'],
    ['half a page', { memory: 0x10800n }, 'PLAN_MEMORY memory'],
    ['more memory than addresses', { memory: 1n << 40n }, 'PLAN_TOO_LARGE memory'],
    ['an exec larger than they are', { exec: { ...exec, end: 1n << 40n } }, 'PLAN_TOO_LARGE exec'],
    ['half of AVX-512', { xcr0: 0x27n }, 'PLAN_XFRM xfrm'],
    ['an SGX shim', { shim: sampleShim().shim }, 'ELF_SHIM_USER .user'],
  ];
  for (const [name, change, expected] of cases)
    assert.is(
      codeAndField(() => vmKeepPlan({ ...INPUT, ...change })),
      expected,
      name,
    );
});

test('the vCPU block of the contract is the one that is planned', () => {
  const text = readFileSync(join(ROOT, 'docs/vm-keep.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (0x[0-9a-f]{4}) \| (?!guard)([^|]+)\| (\d+) \| zeros \|/gmu)];
  const planned = vmKeepPlan({ ...INPUT, threads: 1 })
    .runs.filter(({ address }) => address >= 0xb000n && address < 0x1b000n)
    .map((run) => [Number(run.address) - 0xb000, run.pages]);
  assert.is(rows.length, 3);
  assert.equal(
    planned,
    rows.map((row) => [Number(row[1]), Number(row[3])]),
  );
});

test.run();
