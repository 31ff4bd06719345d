// SPDX-License-Identifier: Apache-2.0
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { platformInfo } from '@motte/loader/platform';
import { SYSTEM_READERS } from '@motte/loader/platform/readers';
import { fakeReaders } from './fake.js';
import type { FakeChange } from './fake.js';

interface Row {
  readonly name: string;
  readonly change: Parameters<typeof fakeReaders>[0];
  /** Words of each problem, in order. */
  readonly problems: readonly RegExp[];
}

const ROWS: readonly Row[] = [
  { name: 'a machine with all of it', change: {}, problems: [] },
  {
    name: 'a CPU without SGX and no device',
    change: { cpuid: { '7,0': [0, 0, 0, 0] }, devices: { '/dev/sgx_enclave': 'missing' } },
    problems: [/leaf 7/, /sgx_enclave is missing/],
  },
  {
    name: 'SGX off in the firmware',
    change: { cpuid: { '18,0': [0, 0, 0, 0] } },
    problems: [/leaf 12h does not list SGX1/],
  },
  { name: 'no EPC', change: { cpuid: { '18,2': [0, 0, 0, 0] } }, problems: [/no EPC section/] },
  { name: 'no launch control', change: { cpuid: { '7,0': [0, 0x5, 0, 0] } }, problems: [/launch control/] },
  { name: 'no KSS', change: { cpuid: { '18,1': [0x36, 0, 0xe7, 0] } }, problems: [/KSS/] },
  { name: 'no device', change: { devices: { '/dev/sgx_enclave': 'missing' } }, problems: [/is missing/] },
  {
    name: "another user's device",
    change: { devices: { '/dev/sgx_enclave': 'denied' } },
    problems: [/may not be opened/],
  },
  {
    name: '/dev mounted noexec',
    change: { texts: { '/proc/self/mounts': 'devtmpfs /dev devtmpfs rw,noexec 0 0' } },
    problems: [/noexec/],
  },
  { name: 'a kernel without FSGSBASE', change: { hwcap2: 0n }, problems: [/WRFSBASE/] },
  { name: 'a kernel without the vDSO entry', change: { vdso: [] }, problems: [/vDSO/] },
  {
    name: 'a missing device does not also complain of mounts and vDSO',
    change: {
      devices: { '/dev/sgx_enclave': 'missing' },
      vdso: [],
      texts: { '/proc/self/mounts': 'devtmpfs /dev devtmpfs rw,noexec 0 0' },
    },
    problems: [/is missing/],
  },
];

for (const row of ROWS) {
  test(`problems of ${row.name}`, () => {
    const { problems } = platformInfo(fakeReaders(row.change)).sgx;
    assert.is(problems.length, row.problems.length, problems.map((p) => p.what).join('; '));
    problems.forEach((problem, i) => {
      assert.match(problem.what, row.problems[i] ?? /never/);
      assert.ok(problem.fix.length > 10);
    });
  });
}

test('CPUID leaf 12h is read whole', () => {
  const { sgx, cpu, kernel, vendor } = platformInfo(fakeReaders({}));
  assert.equal(
    [sgx.sgx1, sgx.sgx2, sgx.kss, sgx.flc, sgx.miscselect, sgx.maxSizeLog2],
    [true, true, true, true, 1, 56],
  );
  assert.equal([sgx.attributes, sgx.xfrm], [0xb6n, 0xe7n]);
  assert.equal(sgx.epc, [
    { address: 0x1_2345_6000n, size: 0x2_4000_0000n },
    { address: 0x8_0000_0000n, size: 0x1000_0000n },
  ]);
  assert.equal(
    [vendor, kernel, cpu.fsgsbase, cpu.fsgsbaseKernel],
    ['GenuineIntel', '6.1.0-test', true, true],
  );
});

test('whether a simulated SEV-SNP can run: on any KVM but one in software', () => {
  const problems = (change: FakeChange): string[] =>
    platformInfo(fakeReaders(change)).simulatedSnp.problems.map(({ what }) => what);
  assert.equal(problems({}), []);
  assert.equal(problems({ devices: { '/dev/kvm': 'missing' } }).length, 1);
  const [pvm, ...more] = problems({ paths: ['/sys/module/kvm_pvm'] });
  assert.match(pvm ?? '', /SMEP, SMAP and OSXSAVE/);
  assert.equal(more, []);
});

test('what is asked of this machine is answered by this machine', () => {
  const read = SYSTEM_READERS;
  assert.equal(
    [read.device('/dev/null'), read.device('/dev/none'), read.device('/dev/null/x')],
    ['usable', 'missing', 'missing'],
  );
  assert.match(read.text('/proc/self/mounts') ?? '', / \/proc proc /);
  assert.is(read.text('/none'), undefined);
  assert.equal([read.exists('/proc/self'), read.exists('/none')], [true, false]);
  assert.is(read.auxiliary(6), 4096n, 'AT_PAGESZ');
  assert.is(read.auxiliary(0x7fff), 0n);
  assert.equal([read.vdso('__vdso_clock_gettime'), read.vdso('__vdso_clock')], [true, false]);
  assert.equal(read.cpuid(0x7fffffff, 0), [0, 0, 0, 0], 'a leaf that no CPU has');
});

test('the machine that this runs on', () => {
  const info = platformInfo();
  assert.match(info.kernel, /^\d+\.\d+/);
  assert.match(info.vendor, /^\w+$/);
  assert.type(info.cpu.fsgsbase, 'boolean');
  if (info.sgx.problems.length === 0)
    console.log('skipped: problems of a machine without SGX: this one has it');
  else assert.ok(info.sgx.problems.every(({ what, fix }) => what !== '' && fix !== ''));
});

test.run();
