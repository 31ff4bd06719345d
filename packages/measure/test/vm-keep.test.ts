// SPDX-License-Identifier: Apache-2.0
// The launch digest of a VM-based Keep, beside one that is reckoned here page by page.
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { readBytes } from '@motte/binary/source';
import { buildElf } from '@motte/elf/build';
import { PF, SHF, SHT } from '@motte/elf/constants';
import { checkExec } from '@motte/elf/exec';
import type { Exec } from '@motte/elf/exec';
import { readElf } from '@motte/elf/read';
import { checkShim } from '@motte/elf/shim';
import type { Shim } from '@motte/elf/shim';
import { KEEP_KVM } from '@motte/measure/profiles/keep';
import { VMM_PROFILES } from '@motte/measure/profiles/vmm';
import { measureSnp } from '@motte/measure/snp';
import type { PagePlan } from '@motte/plan/plan';
import { VMSA } from '@motte/plan/snp/vmsa';
import { vmKeepPlan } from '@motte/plan/vm/keep';
import type { VmKeepInput, VmMode } from '@motte/plan/vm/keep';
import { vmLaunchPlan } from '@motte/plan/vm/launch';

const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => ((i + seed) * 29 + 3) & 0xff);

function shim(seed: number): Shim {
  const elf = buildElf({
    entry: 0x1040n,
    loads: [
      { vaddr: 0x1000n, flags: PF.R | PF.X, bytes: bytes(0x1800, seed) },
      { vaddr: 0x3000n, flags: PF.R | PF.X, bytes: Uint8Array.of(0x0f, 0x05, 0xc3) },
      { vaddr: 0x4000n, flags: PF.R | PF.W, bytes: bytes(0x20, 3), memsz: 0x2100 },
    ],
    sections: [
      { name: '.user', type: SHT.PROGBITS, flags: SHF.ALLOC | SHF.EXECINSTR, addr: 0x3000n, size: 3 },
    ],
  });
  return checkShim(readElf(elf));
}

function exec(seed: number): Exec {
  const loads = [
    { vaddr: 0x1000n, flags: PF.R | PF.X, bytes: bytes(0x11900, seed) },
    { vaddr: 0x14e80n, flags: PF.R | PF.W, bytes: bytes(0x380, 6), memsz: 0x4000 },
  ];
  return checkExec(readElf(buildElf({ entry: 0x1004n, loads })));
}

const KVM: VmMode = { tee: 'kvm', config: bytes(32, 1) };
const SNP: VmMode = { tee: 'snp', ...KEEP_KVM };
const INPUT: VmKeepInput = {
  shim: shim(2),
  exec: exec(5),
  execName: 'app',
  threads: 2,
  memory: 64n << 20n,
  mode: SNP,
};
const digest = (change: Partial<VmKeepInput> = {}): string =>
  toHex(measureSnp(vmLaunchPlan(vmKeepPlan({ ...INPUT, ...change }))));

const sha384 = (data: Uint8Array): Buffer => createHash('sha384').update(data).digest();

/** AMD 56860, SNP_LAUNCH_UPDATE: PAGE_INFO field by field, from the pages of the plan and nothing between. */
function naive(plan: PagePlan): string {
  let current: Buffer = Buffer.alloc(48);
  for (const run of plan.runs) {
    const all = new Uint8Array(run.pages * 4096);
    all.set(readBytes(run.bytes, 0, run.bytes.size));
    for (let page = 0; page < run.pages; page++) {
      const own = all.subarray(page * 4096, (page + 1) * 4096);
      const filled = page * 4096 < run.bytes.size;
      const type = { secrets: 5, cpuid: 6, vmsa: 2 }[run.kind as string] ?? (filled ? 1 : 3);
      const info = Buffer.alloc(0x70);
      current.copy(info, 0);
      if (type <= 2) sha384(own).copy(info, 0x30);
      info.writeUInt16LE(0x70, 0x60);
      info.writeUInt8(type, 0x62);
      info.writeBigUInt64LE(0x1_0000_0000n + run.address + BigInt(page * 4096), 0x68);
      current = sha384(info);
    }
  }
  return current.toString('hex');
}

test('the digest is that of each page in the order of the plan', () => {
  for (const mode of [SNP, KVM])
    for (const threads of [1, 3])
      assert.is(digest({ mode, threads }), naive(vmKeepPlan({ ...INPUT, mode, threads })));
});

test('everything that a Keep is made of is in the digest, and its file’s name is not', () => {
  const changes: readonly (readonly [string, Partial<VmKeepInput>])[] = [
    ['as it is', {}],
    ['another shim', { shim: shim(3) }],
    ['another program', { exec: exec(6) }],
    ['another vCPU', { threads: 3 }],
    ['more memory', { memory: 65n << 20n }],
    ['other state', { xcr0: 3n }],
    ['KVM', { mode: KVM }],
    ['KVM with another configuration', { mode: { tee: 'kvm', config: bytes(32, 2) } }],
    ['another C-bit', { mode: { ...SNP, cBit: 1n << 47n } }],
    ['other features', { mode: { ...SNP, additions: { ...KEEP_KVM.additions, features: 0x21n } } }],
  ];
  const all = changes.map(([, change]) => digest(change));
  assert.is(new Set(all).size, all.length);
  assert.is(digest({ execName: 'other' }), all[0]);
});

// What CHANGES.md must tell of: the layout, the tables and the states of every VM-based Keep are in these.
test('the layout is what it was', () => {
  assert.equal(
    [digest(), digest({ mode: KVM })],
    [
      '177ed3d64ae8da79e4dbd7557f523b7a3219ce8f55426780e0206139cc79a054cb8aac5ed36ddc3459284c56675c9504',
      '57f9360828eeb6993eedcfd9995c748bff6efaaa2684de97adc674192354c77a866bcf88eca44d557c22a2126bff1ad1',
    ],
  );
});

test('KVM adds to a Keep’s vCPU what it adds to a guest’s that hardware has measured', () => {
  const { registers } = VMM_PROFILES.QEMU.firstVcpu;
  const plan = vmKeepPlan(INPUT);
  const state = (of: PagePlan) => {
    const run = of.runs.at(-1);
    assert.ok(run !== undefined && run.kind === 'vmsa');
    const page = new Uint8Array(4096);
    page.set(readBytes(run.bytes, 0, run.bytes.size));
    return VMSA.read(page);
  };
  const measured = state(plan);
  const own = state(vmKeepPlan({ ...INPUT, mode: KVM }));
  for (const name of ['dr6', 'dr7', 'g_pat', 'mxcsr', 'x87_fcw'] as const)
    assert.is(measured[name], registers[name], name);
  assert.is(measured.efer ^ own.efer, registers.efer);
  assert.is(measured.cr4 ^ own.cr4, registers.cr4);
  for (const name of ['cr0', 'rip', 'rdx', 'rflags', 'xcr0'] as const)
    assert.is(measured[name], own[name], name);
});

test.run();
