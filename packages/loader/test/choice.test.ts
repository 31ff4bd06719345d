// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkSwitchless, choose } from '@motte/loader/choice';
import { platformInfo } from '@motte/loader/platform';
import { fakeReaders, MACHINE } from './platform/fake.js';
import type { BackendName, Emulate } from '@motte/loader/choice';
import type { FakeChange } from './platform/fake.js';

const NONE: FakeChange = { devices: { '/dev/sgx_enclave': 'missing' } };
const PVM: FakeChange = { paths: ['/sys/module/kvm_pvm'] };
const SGX1: FakeChange = { cpuid: { '18,0': [0x1, 0x1, 0, 0x381f] } };

interface Row {
  readonly name: string;
  readonly backend: BackendName;
  readonly emulate: Emulate;
  readonly machine: FakeChange;
  readonly sgx2?: boolean;
  readonly expected: 'hardware' | 'emulated' | 'strict' | 'kvm' | 'snp' | 'snp simulated' | RegExp;
}

const ROWS: readonly Row[] = [
  { name: 'auto, hardware there', backend: 'auto', emulate: false, machine: {}, expected: 'hardware' },
  { name: 'auto, no hardware', backend: 'auto', emulate: false, machine: NONE, expected: 'emulated' },
  {
    name: 'auto emulated, hardware there',
    backend: 'auto',
    emulate: true,
    machine: {},
    expected: 'emulated',
  },
  { name: 'sgx, hardware there', backend: 'sgx', emulate: false, machine: {}, expected: 'hardware' },
  {
    name: 'sgx, no hardware',
    backend: 'sgx',
    emulate: false,
    machine: NONE,
    expected: /sgx_enclave is missing.*--emulate/,
  },
  { name: 'sgx emulated, hardware there', backend: 'sgx', emulate: true, machine: {}, expected: 'emulated' },
  { name: 'sgx strict', backend: 'sgx', emulate: 'strict', machine: NONE, expected: 'strict' },
  { name: 'sgx on SGX1', backend: 'sgx', emulate: false, machine: SGX1, expected: /no SGX2.*version = 1/ },
  {
    name: 'sgx on SGX1, static heap',
    backend: 'sgx',
    emulate: false,
    machine: SGX1,
    sgx2: false,
    expected: 'hardware',
  },
  { name: 'auto on SGX1', backend: 'auto', emulate: false, machine: SGX1, expected: 'emulated' },
  {
    name: 'snp on a machine without it',
    backend: 'snp',
    emulate: false,
    machine: {},
    expected: /does not list SEV-SNP.*EPYC.*--emulate/,
  },
  { name: 'snp, hardware there', backend: 'snp', emulate: false, machine: MACHINE, expected: 'snp' },
  {
    name: 'snp without the firmware’s device',
    backend: 'snp',
    emulate: false,
    machine: { ...MACHINE, devices: { '/dev/sev': 'missing' } },
    expected: /sev is missing.*modprobe ccp/,
  },
  {
    name: 'snp with the firmware’s device of another user’s',
    backend: 'snp',
    emulate: false,
    machine: { ...MACHINE, devices: { '/dev/sev': 'denied' } },
    expected: /sev may not be opened/,
  },
  { name: 'snp simulated', backend: 'snp', emulate: true, machine: {}, expected: 'snp simulated' },
  { name: 'snp strict', backend: 'snp', emulate: 'strict', machine: {}, expected: /strict is of SGX/ },
  {
    name: 'snp simulated without KVM',
    backend: 'snp',
    emulate: true,
    machine: { devices: { '/dev/kvm': 'missing' } },
    expected: /kvm is missing/,
  },
  {
    name: 'snp simulated on a KVM in software',
    backend: 'snp',
    emulate: true,
    machine: PVM,
    expected: /in software \(PVM\).*scripts\/tcg/,
  },
  { name: 'kvm in software', backend: 'kvm', emulate: false, machine: PVM, expected: 'kvm' },
  { name: 'kvm', backend: 'kvm', emulate: false, machine: {}, expected: 'kvm' },
  { name: 'kvm emulated', backend: 'kvm', emulate: true, machine: {}, expected: /is not emulated/ },
  {
    name: 'kvm without the device',
    backend: 'kvm',
    emulate: false,
    machine: { devices: { '/dev/kvm': 'missing' } },
    expected: /kvm is missing: sudo modprobe.*--device \/dev\/kvm/,
  },
  {
    name: "kvm of another group's",
    backend: 'kvm',
    emulate: false,
    machine: { devices: { '/dev/kvm': 'denied' } },
    expected: /usermod -aG kvm/,
  },
  {
    name: 'kvm that does not open',
    backend: 'kvm',
    emulate: false,
    machine: { kvmApi: undefined },
    expected: /does not open.*dmesg/,
  },
  {
    name: 'kvm of another kind',
    backend: 'kvm',
    emulate: false,
    machine: { kvmApi: 11 },
    expected: /another interface/,
  },
];

for (const row of ROWS) {
  test(`choice: ${row.name}`, () => {
    const run = (): string => {
      const chosen = choose(row.backend, row.emulate, row.sgx2 ?? true, () =>
        platformInfo(fakeReaders(row.machine)),
      );
      if (chosen.tee !== 'sgx') return chosen.emulated ? `${chosen.tee} simulated` : chosen.tee;
      if (!chosen.emulated) return 'hardware';
      return chosen.strict ? 'strict' : 'emulated';
    };
    const { expected } = row;
    if (typeof expected === 'string') assert.is(run(), expected);
    else {
      assert.throws(run, (error: unknown) => {
        assert.ok(error instanceof MotteError && error.code === 'TEE_MISSING' && error.exit === 6);
        assert.match(error.message, expected);
        return true;
      });
    }
  });
}

test('emulation on request does not even look for hardware', () => {
  const never = (): never => {
    throw new Error('hardware was looked for');
  };
  assert.equal(
    choose('sgx', true, true, never, () => 'inclusive'),
    { tee: 'sgx', emulated: true, strict: false },
  );
});

test('emulation needs Syscall User Dispatch', () => {
  const none = (): 'none' => 'none';
  assert.throws(
    () => choose('auto', true, true, () => platformInfo(fakeReaders(NONE)), none),
    (error: unknown) => error instanceof MotteError && error.code === 'TEE_MISSING',
  );
});

test('a host watches for the calls of a VM alone, without a debugger, on two CPUs', () => {
  const said = (tee: 'sgx' | 'kvm' | 'snp', stops: boolean, cpus: number): string => {
    try {
      checkSwitchless({ tee, emulated: false, strict: false }, stops, cpus);
      return '';
    } catch (error) {
      if (!(error instanceof MotteError)) throw error;
      return `${error.code} ${error.field}: ${error.expected}, ${error.found}`;
    }
  };
  assert.is(said('kvm', false, 2), '');
  assert.is(said('snp', false, 64), '');
  assert.is(said('sgx', false, 2), 'LOAD_OPTION switchless: a Keep in a VM (kvm, snp), sgx');
  assert.is(said('kvm', true, 2), 'LOAD_OPTION switchless: a Keep without a debugger, stopped');
  assert.is(said('kvm', false, 1), 'LOAD_OPTION switchless: two CPUs or more, 1');
});

test.run();
