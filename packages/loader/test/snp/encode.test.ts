// SPDX-License-Identifier: Apache-2.0
// What the helper is told of a launch, and the descriptors that a launch opens.
import { MotteError } from '@motte/binary/error';
import { fromHex, toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { launchVm } from '@motte/loader/vm/launch';
import { DEFAULT_POLICY, encodeLaunch, openSev } from '@motte/loader/snp/launch';
import { LAUNCH, LAUNCH_FLAGS, LAUNCH_RUN } from '@motte/loader/protocol/launch';
import { KEEP_KVM } from '@motte/measure/profiles/keep';
import { NO_BYTES } from '@motte/plan/sources';
import type { PagePlan, PageRun } from '@motte/plan/plan';
import type { SnpPlan, SnpRun } from '@motte/plan/snp/plan';
import { VMSA_GPA } from '@motte/plan/snp/plan';
import { VM_INFO, VM_INFO_MAGIC, VM_MODE } from '@motte/plan/vm/info';
import { VM_MAP } from '@motte/plan/vm/map';
import { vcpuState } from '@motte/plan/vm/vcpu-state';
import { createP384Key, snpSignerFromPem } from '@motte/sign/snp/ecdsa-node';
import { idAuth, idBlock } from '@motte/sign/snp/id-block';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Descriptor } from '@motte/loader/native';

const SOURCE = { file: 'test', section: 'test', offset: 0 };
const HOST_DATA = new Uint8Array(32).fill(9);
const BASE = BigInt(VM_MAP.BASE);

const run = (type: SnpRun['type'], gpa: bigint, pages: number): SnpRun => ({
  gpa,
  pages,
  type,
  bytes: NO_BYTES,
  source: SOURCE,
});
const PLAN: SnpPlan = {
  tee: 'snp',
  runs: [run('normal', BASE, 3), run('cpuid', BASE + 0x5000n, 1), run('vmsa', VMSA_GPA, 1)],
};

test('runs in launch order, without the vCPUs', () => {
  const bytes = encodeLaunch(PLAN, { hostData: HOST_DATA });
  const head = LAUNCH.read(bytes);
  assert.equal([head.policy, head.flags, head.run_count], [DEFAULT_POLICY, 0, 2]);
  assert.is(toHex(head.host_data), toHex(HOST_DATA));
  assert.is(bytes.length, LAUNCH.size + 2 * LAUNCH_RUN.size);
  const runs = [0, 1].map((i) => LAUNCH_RUN.read(bytes, LAUNCH.size + i * LAUNCH_RUN.size));
  assert.equal(runs, [
    { offset: 0n, pages: 3, type: 1 },
    { offset: 0x5000n, pages: 1, type: 6 },
  ]);
});

test('an ID block, with an author key or without', () => {
  const [idKey, authorKey] = [createP384Key(), createP384Key()].map(({ privateKey }) =>
    snpSignerFromPem(privateKey),
  );
  if (idKey === undefined || authorKey === undefined) throw new Error('no key');
  const block = idBlock({ launchDigest: new Uint8Array(48), guestSvn: 1, policy: 0x20000n });
  const flags = (auth: Uint8Array): number =>
    LAUNCH.read(encodeLaunch(PLAN, { hostData: HOST_DATA, policy: 0x20000n, id: { block, auth } })).flags;
  assert.is(flags(idAuth(block, idKey)), LAUNCH_FLAGS.ID_BLOCK);
  assert.is(flags(idAuth(block, idKey, authorKey)), LAUNCH_FLAGS.ID_BLOCK | LAUNCH_FLAGS.AUTHOR_KEY);
  for (const id of [
    { block: block.subarray(1), auth: idAuth(block, idKey) },
    { block, auth: fromHex('00', 'auth') },
  ])
    assert.throws(
      () => encodeLaunch(PLAN, { hostData: HOST_DATA, id }),
      (error: unknown) => error instanceof MotteError && error.code === 'LOAD_OPTION',
    );
});

test('each failure of /dev/sev says what puts it right', () => {
  for (const [code, fix] of [
    ['ENOENT', /modprobe ccp/],
    ['EACCES', /setfacl/],
    ['EPERM', /--device \/dev\/sev/],
    ['EIO', /not known here/],
  ] as const) {
    const open = (): never => {
      throw Object.assign(new Error(code), { code });
    };
    assert.throws(
      () => openSev({ open }),
      (error: unknown) =>
        error instanceof MotteError && error.code === 'TEE_MISSING' && fix.test(error.message),
    );
  }
});

function keepPlan(mode: number): PagePlan {
  const reg = (address: bigint, bytes: Uint8Array): PageRun => ({
    address,
    pages: 1,
    kind: 'reg',
    permissions: { read: true, write: false, execute: false },
    measured: true,
    bytes: bytesSource(bytes),
    source: SOURCE,
  });
  const info = VM_INFO.write({
    magic: VM_INFO_MAGIC,
    version: 1,
    mode,
    vcpu_count: 1n,
    pages_start: 0x200000n,
    pages_ready: 0x400000n,
    pages_end: 0x400000n,
  });
  const state = vcpuState({ entry: BASE, root: BASE, gsBase: BASE, xcr0: 7n }, KEEP_KVM.additions);
  const vmsa: PageRun = { ...reg(VMSA_GPA - BASE, state), kind: 'vmsa' };
  return { tee: 'snp', size: 0x400000n, runs: [reg(0n, info), vmsa] };
}

/** Descriptors that are open. */
function counted(): { open(): Descriptor; readonly left: () => number } {
  let left = 0;
  return {
    open() {
      left++;
      let closed = false;
      return {
        fd: 99,
        close() {
          if (!closed) left--;
          closed = true;
        },
        take: () => 99,
      };
    },
    left: () => left,
  };
}

test('hardware wants /dev/sev besides, a simulated guest does not; what fails leaves nothing open', () => {
  const [kvm, sev] = [counted(), counted()];
  const launch = (simulated: boolean, openFirmware: () => Descriptor, mode: number = VM_MODE.SNP): number => {
    const launched = launchVm(
      keepPlan(mode),
      { hostData: HOST_DATA, simulated },
      () => kvm.open(),
      openFirmware,
    );
    const open = kvm.left() + sev.left();
    launched.close();
    return open;
  };
  const firmware = (): Descriptor => sev.open();
  const never = (): never => {
    throw new Error('/dev/sev was opened');
  };
  assert.is(launch(false, firmware), 2);
  assert.is(launch(true, never), 1);
  assert.throws(
    () =>
      launch(false, () => {
        throw new MotteError('TEE_MISSING', { field: 'snp', message: 'none' });
      }),
    (error: unknown) => error instanceof MotteError && error.code === 'TEE_MISSING',
  );
  assert.throws(
    () => launch(false, firmware, VM_MODE.KVM),
    (error: unknown) => error instanceof MotteError && error.code === 'PLAN_INVALID',
  );
  assert.equal([kvm.left(), sev.left()], [0, 0]);
});

test.run();
