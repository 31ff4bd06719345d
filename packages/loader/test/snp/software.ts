// SPDX-License-Identifier: Apache-2.0
// test/native/snp.c, compiled once: a script of commands in, an answer a line out.
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@motte/binary/hex';
import { vcpuState } from '@motte/plan/vm/vcpu-state';
import { KEEP_KVM } from '@motte/measure/profiles/keep';

const NATIVE = join(ROOT, 'packages/loader/native');
const CRYPTO = join(ROOT, `packages/loader/prebuilt/${process.platform}-${process.arch}/snp-crypto.o`);
const BEARSSL = join(ROOT, 'build/bearssl/inc');

/** Why it cannot be compiled here. */
export const missing: string | undefined = [CRYPTO, BEARSSL].find((path) => !existsSync(path));

let program: string | undefined;

function compiled(): string {
  if (program !== undefined) return program;
  program = join(tempFolder('motte-snp'), 'snp');
  const sources = readdirSync(join(NATIVE, 'snp')).filter((name) => name.endsWith('.c'));
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-static', '-no-pie', '-fno-pie'];
  const folders = [NATIVE, join(NATIVE, 'generated'), join(NATIVE, 'snp')].flatMap((folder) => [
    '-I',
    folder,
  ]);
  const files = [
    ...sources.map((name) => join(NATIVE, 'snp', name)),
    join(ROOT, 'packages/loader/test/native/snp.c'),
    CRYPTO,
  ];
  execFileSync('gcc-12', [...flags, ...folders, '-isystem', BEARSSL, ...files, '-o', program], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return program;
}

/** The answers, of the commands that have one. */
export function script(lines: readonly string[]): string[] {
  const out = execFileSync(compiled(), {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return out.trimEnd().split('\n');
}

export const PAGE = 0x1000;
/** SMT allowed, ABI 0.0. */
export const POLICY = 0x30000n;

/** The state of a vCPU as KVM hands it to the firmware. */
export function goodVmsa(): Uint8Array {
  const input = { entry: 0x1_0000_0000n, root: 0x1_0001_0000n, gsBase: 0n, xcr0: 7n };
  return vcpuState(input, KEEP_KVM.additions);
}

/** A guest of 16 pages from 4 GiB on, all of which are its own. */
export function guest(vcpus = 1): string[] {
  return [
    `setup 100000000 10 ${vcpus.toString(16)}`,
    ...Array.from({ length: vcpus }, (_, i) => `vmsa ${i.toString(16)} ${toHex(goodVmsa())}`),
    'own 100000000 10000 1',
  ];
}
