// SPDX-License-Identifier: Apache-2.0
// The processor that programs see in a Keep: from the shim and XFRM alone (SECURITY.md, rule 5).
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tempFolder } from '@motte/test-helpers/temp';
import { program } from '@motte/test-helpers/programs';
import { SHIM } from './support/probe.js';

type Answer = readonly [eax: number, ebx: number, ecx: number, edx: number];

const bit = (word: number, at: number): number => (word >>> at) & 1;

/** `path` with each CPUID made UD2, in `out`; how many there were. */
function withoutCpuid(path: string, out: string): number {
  const bytes = readFileSync(path);
  const sections = spawnSync('objdump', ['-h', path], { encoding: 'utf8' }).stdout;
  const [, address = '', offset = ''] = /\.text\s+\S+\s+(\S+)\s+\S+\s+(\S+)/.exec(sections) ?? [];
  const shift = Number.parseInt(offset, 16) - Number.parseInt(address, 16);
  const code = spawnSync('objdump', ['-d', '-j', '.text', path], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  }).stdout;
  const found = [...code.matchAll(/^\s*([0-9a-f]+):\t0f a2\s+cpuid/gm)];
  for (const [, at = ''] of found) bytes.writeUInt16LE(0x0b0f, Number.parseInt(at, 16) + shift);
  writeFileSync(out, bytes);
  chmodSync(out, 0o755);
  return found.length;
}

if (spawnSync('gcc-12', ['--version']).status !== 0) console.log('skipped: cpuid: gcc-12 is not installed');
else {
  const out = join(tempFolder('motte-cpuid'), 'cpuid');
  const flags = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-I', join(SHIM, '../core/test/c')];
  const [table, trace] = ['cpuid_table.c', 'cpuid_trace.c'].map((name) => [
    join(SHIM, 'test/c', name),
    join(SHIM, 'cpuid.c'),
  ]) as [string[], string[]];
  const built = spawnSync('gcc-12', [...flags, ...table, '-o', out], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);

  const cpuid = (xfrm: number, leaf: number, subleaf: number = 0): Answer => {
    const input = `${leaf.toString(16)} ${subleaf.toString(16)}\n`;
    const ran = spawnSync(out, [xfrm.toString(16)], { input, encoding: 'utf8' });
    const words = ran.stdout.trim().split(' ');
    assert.is(words.length, 4);
    // The upper halves of the registers, which were all ones, are cleared.
    assert.ok(
      words.every((word) => /^[0-9a-f]{1,8}$/.test(word)),
      ran.stdout,
    );
    const [a = 0, b = 0, c = 0, d = 0] = words.map((word) => Number.parseInt(word, 16));
    return [a, b, c, d];
  };

  const tracer = join(tempFolder('motte-cpuid'), 'trace');
  const traced = spawnSync('gcc-12', [...flags, ...trace, '-o', tracer], { encoding: 'utf8' });
  if (traced.status !== 0) throw new Error(traced.stderr);

  for (const name of ['tls', 'tls-musl', 'rust'] as const) {
    const native = program(name);
    if ('skipped' in native) {
      console.log(`skipped: ${name} over the policy: ${native.skipped}`);
      continue;
    }
    for (const xfrm of [3, 7]) {
      test(`${name} starts and runs on that processor, XFRM ${xfrm}`, () => {
        const file = join(tempFolder('motte-cpuid'), 'program');
        const sites = withoutCpuid(native.path, file);
        const [plain, ran] = [[native.path], [tracer, xfrm.toString(16), file]].map(
          ([command = '', ...rest]) =>
            spawnSync(command, [...rest, 'x'], { encoding: 'utf8', input: 'in', env: { K: 'v' } }),
        );
        const [, answers] = /(\d+) answers\n$/.exec(ran?.stderr ?? '') ?? [];
        assert.equal([ran?.status, ran?.stdout], [plain?.status, plain?.stdout], ran?.stderr);
        assert.ok(sites === 0 || Number(answers) > 0, `${sites} sites, ${answers} answers`);
      });
    }
  }

  test('leaves end where leaf 0 says', () => {
    const [most] = cpuid(7, 0);
    for (const leaf of [most + 1, 0x12, 0x14, 0x40000000, 0x7fffffff, 0xffffffff]) {
      assert.equal(cpuid(7, leaf), [0, 0, 0, 0], `leaf ${leaf}`);
    }
    assert.equal(cpuid(7, 4, 9), [0, 0, 0, 0]);
    assert.equal(cpuid(7, 1, 5), cpuid(7, 1, 0), 'leaf 1 has no subleaves');
  });

  test('AVX and what builds on it are there when XFRM has them', () => {
    for (const [xfrm, avx] of [
      [3, 0],
      [7, 1],
    ] as const) {
      const [, , ecx1] = cpuid(xfrm, 1);
      const [, ebx7] = cpuid(xfrm, 7);
      // FMA, AVX, F16C; AVX2
      assert.equal(
        [12, 28, 29].map((at) => bit(ecx1, at)),
        [avx, avx, avx],
      );
      assert.is(bit(ebx7, 5), avx);
      // x86-64-v2, and OSXSAVE: XGETBV tells XFRM.
      assert.equal(
        [0, 9, 13, 19, 20, 23, 27].map((at) => bit(ecx1, at)),
        [1, 1, 1, 1, 1, 1, 1],
      );
      assert.equal(cpuid(xfrm, 0xd), [xfrm, avx ? 832 : 576, avx ? 832 : 576, 0]);
      assert.equal(cpuid(xfrm, 0xd, 2), avx ? [256, 576, 0, 0] : [0, 0, 0, 0]);
    }
  });

  test('nothing is offered that the Keep does not give', () => {
    const [, , ecx1, edx1] = cpuid(7, 1);
    const [, ebx7, ecx7] = cpuid(7, 7);
    // MONITOR, VMX, PCID, x2APIC, hypervisor; MCE, MTRR, ACPI
    assert.equal(
      [3, 5, 17, 21, 31].map((at) => bit(ecx1, at)),
      [0, 0, 0, 0, 0],
    );
    assert.equal(
      [7, 12, 22].map((at) => bit(edx1, at)),
      [0, 0, 0],
    );
    // FSGSBASE (FS is arch_prctl's), SGX, HLE, RTM, AVX-512; PKU, SGX_LC
    assert.equal(
      [0, 2, 4, 11, 16].map((at) => bit(ebx7, at)),
      [0, 0, 0, 0, 0],
    );
    assert.equal(
      [3, 30].map((at) => bit(ecx7, at)),
      [0, 0],
    );
  });
}

test.run();
