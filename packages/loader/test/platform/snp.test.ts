// SPDX-License-Identifier: Apache-2.0
// SEV-SNP, KVM and IGVM of machines that are made up: what is read, and what each thing that is missing is called.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SNP_PLATFORM_STATUS, SEV_PLATFORM_STATUS } from '@motte/binary/snp/platform-status';
import type { KvmExtensionCalls } from '@motte/loader/kvm/extensions';
import { kvmExtensions } from '@motte/loader/kvm/extensions';
import { platformInfo } from '@motte/loader/platform';
import type { Platform } from '@motte/loader/platform';
import type { SevCalls } from '@motte/loader/platform/sev-device';
import { sevCommand } from '@motte/loader/platform/sev-device';
import { fakeReaders, LEAF, MACHINE, STATUS, switches } from './fake.js';
import type { FakeChange } from './fake.js';

const info = (change: FakeChange = {}): Platform => platformInfo(fakeReaders({ ...MACHINE, ...change }));

test('the tables have the sizes of the kernel’s structures', () => {
  assert.equal([SEV_PLATFORM_STATUS.size, SNP_PLATFORM_STATUS.size], [12, 32]);
});

test('a machine with all of it', () => {
  const { snp, kvm, igvm } = info();
  assert.equal(snp.cpu, { sev: true, es: true, snp: true, cBit: 51, guests: 509, sevOnly: 99 });
  assert.equal([snp.sev, snp.es, snp.enabled, snp.problems], [true, true, true, []]);
  assert.equal(snp.firmware, {
    api: '1.55',
    build: 21,
    state: 'working',
    guests: 2,
    rmp: true,
    currentTcb: 0x7d1800000000000an,
    reportedTcb: 0x7d1800000000000an,
  });
  assert.equal(snp.sevFirmware, { api: '1.55', build: 0x21, state: 'working', guests: 2 });
  assert.is(kvm.hardware, 'SVM');
  assert.equal(kvm.capabilities, {
    guestMemfd: true,
    memoryAttributes: true,
    userMemory2: true,
    memoryFaultInfo: true,
    vmTypes: ['default', 'sev', 'snp'],
  });
  assert.is(igvm.qemu, 'with');
});

const status = (change: Parameters<typeof SNP_PLATFORM_STATUS.write>[0]): Record<number, string> => {
  const values = SNP_PLATFORM_STATUS.read(new Uint8Array(Buffer.from(STATUS, 'hex')));
  return { 9: Buffer.from(SNP_PLATFORM_STATUS.write({ ...values, ...change })).toString('hex') };
};

interface Row {
  readonly name: string;
  readonly change: FakeChange;
  readonly problems: readonly RegExp[];
}

const CPUID = MACHINE.cpuid ?? {};
const ROWS: readonly Row[] = [
  {
    name: 'another maker’s CPU',
    change: {
      cpuid: {},
      paths: [],
      texts: {},
      sev: {},
      devices: { '/dev/sev': 'missing' },
      capabilities: {},
    },
    problems: [
      /8000001Fh does not list/,
      /sev is missing/,
      /guest_memfd/,
      /memory attributes/,
      /KVM_CAP_VM_TYPES/,
    ],
  },
  {
    name: 'a leaf that the CPU does not have',
    change: { cpuid: { ...CPUID, '2147483648,0': [0x8000001e | 0, 0, 0, 0] } },
    problems: [/8000001Fh does not list/],
  },
  {
    name: 'a C-bit elsewhere',
    change: { cpuid: { ...CPUID, '2147483679,0': [LEAF[0], 47, 509, 100] } },
    problems: [/C-bit is not bit 51/],
  },
  { name: 'no module', change: { paths: [], texts: {} }, problems: [/kvm_amd is not loaded/] },
  { name: 'no SEV-ES', change: { texts: switches('sev', 'sev_snp') }, problems: [/without SEV-ES/] },
  { name: 'no SEV-SNP', change: { texts: switches('sev', 'sev_es') }, problems: [/without SEV-SNP/] },
  { name: 'no device', change: { devices: { '/dev/sev': 'missing' } }, problems: [/sev is missing/] },
  {
    name: 'another user’s device',
    change: { devices: { '/dev/sev': 'denied' } },
    problems: [/may not be opened/],
  },
  { name: 'silent firmware', change: { sev: {} }, problems: [/does not answer/] },
  { name: 'old firmware', change: { sev: status({ api_minor: 50 }) }, problems: [/older than 1.51/] },
  { name: 'no RMP', change: { sev: status({ rmp: 0 }) }, problems: [/RMP is not initialised/] },
  {
    name: 'an older kernel',
    change: { capabilities: { 231: 1 } },
    problems: [/guest_memfd/, /memory attributes/, /KVM_CAP_VM_TYPES/],
  },
  { name: 'no /dev/kvm', change: { devices: { '/dev/kvm': 'missing' } }, problems: [/kvm is missing/] },
];

for (const row of ROWS)
  test(`problems of SEV-SNP: ${row.name}`, () => {
    const { problems } = info(row.change).snp;
    assert.is(problems.length, row.problems.length, problems.map(({ what }) => what).join('; '));
    problems.forEach(({ what, fix }, i) => {
      assert.match(what, row.problems[i] ?? /never/);
      assert.ok(fix.length > 10, what);
    });
  });

test('KVM without the question about types makes one', () => {
  assert.equal(info({ capabilities: {} }).kvm.capabilities?.vmTypes, ['default']);
  assert.is(info({ devices: { '/dev/kvm': 'denied' } }).kvm.capabilities, null);
});

test('a kernel with KVM and a /dev without it', () => {
  const change: FakeChange = { devices: { '/dev/kvm': 'missing' }, paths: ['/sys/class/misc/kvm'] };
  const [problem, ...more] = info(change).kvm.problems;
  assert.is(more.length, 0);
  assert.match(problem?.fix ?? '', /mknod/);
});

test('virtualisation by CPUID', () => {
  const rows: readonly (readonly [FakeChange['cpuid'], Platform['kvm']['hardware']])[] = [
    [{ '1,0': [0, 0, 0x20, 0] }, 'VMX'],
    [{}, null],
    [CPUID, 'SVM'],
  ];
  for (const [cpuid, expected] of rows) assert.is(info({ cpuid: cpuid ?? {} }).kvm.hardware, expected);
});

test('QEMU that launches IGVM files', () => {
  assert.is(info({ binaries: {} }).igvm.qemu, 'none');
  assert.is(info({ binaries: { '/usr/libexec/qemu-kvm': 'none of it' } }).igvm.qemu, 'without');
});

/** A device that answers as it is told, and counts how often it is closed. */
function device(fails: boolean): {
  closed: number[];
  asked: number[][];
  calls: KvmExtensionCalls & SevCalls;
} {
  const closed: number[] = [];
  const open = (): { fd: number; close(): void; take(): number } => ({
    fd: 7,
    close: () => closed.push(7),
    take: () => 7,
  });
  const asked: number[][] = [];
  const refuse = (): never => {
    throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  return {
    closed,
    asked,
    calls: {
      open,
      kvmCheckExtension: (fd: number, capability: number): number => {
        asked.push([fd, capability]);
        return fails ? refuse() : capability + 1;
      },
      sevCommand: (fd: number, command: number, out: Uint8Array): void => {
        asked.push([fd, command, out.length]);
        if (fails) refuse();
        out.fill(command);
      },
    },
  };
}

test('devices are asked, and closed whatever they answer', () => {
  const good = device(false);
  assert.equal(kvmExtensions([1, 235], good.calls), [2, 236]);
  assert.equal(sevCommand(9, 3, good.calls), Uint8Array.of(9, 9, 9));
  assert.equal(good.asked, [
    [7, 1],
    [7, 235],
    [7, 9, 3],
  ]);
  assert.is(good.closed.length, 2);
  const bad = device(true);
  assert.is(kvmExtensions([1], bad.calls), undefined);
  assert.is(sevCommand(9, 3, bad.calls), undefined);
  assert.is(bad.closed.length, 2);
});

test.run();
