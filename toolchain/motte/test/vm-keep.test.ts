// SPDX-License-Identifier: Apache-2.0
// Plans and digests of VM-based Keeps through the whole command.
import { ROOT } from '@motte/test-helpers/vectors';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE, json, motte, refusal } from './motte.js';

const folder = join(PLACE, 'vm-keep');
mkdirSync(folder);
const here = { cwd: folder };

interface Run {
  readonly index: number;
  readonly kind: string;
  readonly source: { readonly file: string; readonly section: string };
  readonly sha256: string | null;
}

const planOf = (tee: string, ...args: readonly string[]): Run[] =>
  json(['plan', '--tee', tee, ...args], 'plan', here)['runs'] as Run[];

const tests = (): void => {
  writeFileSync(join(folder, 'two.toml'), 'threads = 2\n');
  writeFileSync(join(folder, 'args.toml'), 'args = ["other"]\n');

  test('KVM and SEV-SNP have the same shim and program, byte for byte', () => {
    const [kvm, snp] = [planOf('kvm', 'hello'), planOf('snp', 'hello')];
    const files = (plan: readonly Run[]): Run[] =>
      plan.filter(({ source }) => source.file !== 'keep').map((run) => ({ ...run, index: 0 }));
    assert.equal(files(kvm), files(snp));
    assert.is(files(kvm).filter(({ source }) => source.file === 'shim').length, 4);
    const sections = (plan: readonly Run[]): string[] =>
      plan.filter(({ source }) => source.file === 'keep').map(({ source }) => source.section);
    assert.equal(
      sections(snp).filter((section) => !sections(kvm).includes(section)),
      ['secrets', 'cpuid'],
    );
    assert.is(snp.at(-1)?.kind, 'vmsa');
  });

  test('the digest is one of the plan, written or not, for each TEE its own', () => {
    const digests = (['kvm', 'snp'] as const).map((tee) => {
      const { measurement, profile } = json(['measure', tee, 'hello'], `measure ${tee}`, here);
      assert.is(profile, `keep-${tee}`);
      motte(['plan', '--tee', tee, 'hello', '-o', `${tee}.plan`], here);
      assert.is(motte(['measure', tee, `${tee}.plan`], here).stdout, `${String(measurement)}\n`);
      const steps = motte(['measure', tee, 'hello', '--transcript'], here).stdout.trimEnd().split('\n');
      assert.is(steps.at(-1), measurement);
      assert.match(steps.at(-2) ?? '', / VMSA 0xfffffffff000$/);
      return String(measurement);
    });
    assert.is(new Set(digests).size, 2);
    assert.is(refusal(['measure', 'kvm', 'snp.plan'], here), '2 FILE_KIND snp.plan');
    assert.is(refusal(['measure', 'snp', 'kvm.plan'], here), '2 FILE_KIND kvm.plan');
    assert.is(refusal(['measure', 'sgx', 'kvm.plan'], here), '2 FILE_KIND kvm.plan');
  });

  test('threads, debug and, on KVM, the configuration are in it', () => {
    const digest = (tee: string, ...args: readonly string[]): string =>
      motte(['measure', tee, 'hello', ...args], here).stdout;
    for (const tee of ['kvm', 'snp']) {
      const all = [digest(tee), digest(tee, '--config', 'two.toml'), digest(tee, '--debug')];
      assert.is(new Set(all).size, 3, tee);
    }
    assert.is.not(digest('kvm', '--config', 'args.toml'), digest('kvm'));
    // SEV-SNP has it in HOST_DATA.
    assert.is(digest('snp', '--config', 'args.toml'), digest('snp'));
    const attested = (...args: readonly string[]): unknown =>
      json(['measure', 'snp', 'hello', ...args], 'measure snp', here)['config'];
    assert.not.equal(attested('--config', 'args.toml'), attested());
  });

  for (const [args, expected] of [
    [['hello', '--vcpus', '2'], '64 USAGE_VALUE --vcpus'],
    [['hello', '--pages', 'x'], '64 USAGE_VALUE --pages'],
    [['--config', 'two.toml'], '64 USAGE_VALUE --config'],
    [['--pages', 'x', '--shim', 'y'], '64 USAGE_VALUE --shim'],
    [['hello', '--shim', 'hello'], '2 ELF_SHIM_TLS'],
  ] as const) {
    test(`measure snp ${args.join(' ')}: ${expected}`, () => {
      assert.ok(refusal(['measure', 'snp', ...args], here).startsWith(expected));
    });
  }

  test('a shim for SGX is none for a VM', () => {
    const sgx = join(ROOT, 'shims/sgx/prebuilt/sgx2.elf');
    if (!existsSync(sgx)) return;
    assert.is(refusal(['measure', 'snp', 'hello', '--shim', sgx], here), '2 ELF_SHIM_USER .user');
  });

  test('shim build takes the TEE from its configuration, or the defaults of the one that is named', () => {
    writeFileSync(join(folder, 'sgx.toml'), 'tee = "sgx"\n');
    const args = ['shim', 'build', '--tee', 'snp', '-o', 'shim.elf'];
    assert.is(refusal([...args, '--config', 'sgx.toml'], here), '64 USAGE_VALUE --tee');
    if (!existsSync(join(ROOT, 'build/bearssl'))) return;
    const least = ['files', 'mounts', 'sockets'].map((name) => `${name} = false\n`).join('');
    writeFileSync(join(folder, 'vm.toml'), `tee = "vm"\nsyscalls = ["write", "exit_group"]\n${least}`);
    const built = json([...args, '--config', 'vm.toml'], 'shim build', here);
    assert.is(built['tee'], 'vm');
    const own = motte(['measure', 'snp', 'hello', '--shim', 'shim.elf'], here);
    assert.is(own.status, 0, own.stderr);
    assert.is.not(own.stdout, motte(['measure', 'snp', 'hello'], here).stdout);
  });
};

const source = readFileSync(join(ROOT, 'examples/c/hello.c'));
const compiled = spawnSync('gcc-12', ['-static-pie', '-O2', '-x', 'c', '-', '-o', join(folder, 'hello')], {
  input: source,
});
if (compiled.status === 0) tests();
else console.log('skipped: plans of VM-based Keeps: gcc-12 is missing or links no static PIE');

test.run();
