// SPDX-License-Identifier: Apache-2.0
// `motte lint`, and what strict emulation says of the same instructions.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLACE, json, motte, refusal } from './motte.js';
import { smallSgxs } from './small-sgxs.js';

const folder = join(PLACE, 'lint');
mkdirSync(folder);
const here = { cwd: folder };

/** Has what faults, and meets none of it. */
const SOURCE = `
  __attribute__((noinline)) void odd(void) {
    __asm__ volatile("rdpmc\\n\\tint $0x80\\n\\trdtsc\\n\\tcpuid\\n\\tmovw %%ax, %%fs" ::: "rax", "rbx", "rcx", "rdx");
  }
  int main(int argc, char **argv) { (void)argv; if (argc > 9) odd(); return 4; }`;

const built = spawnSync('gcc-12', ['-static-pie', '-O1', '-x', 'c', '-', '-o', join(folder, 'odd')], {
  input: SOURCE,
});

interface Listed {
  readonly address: string;
  readonly symbol: string | null;
  readonly name: string;
  readonly served: boolean;
}

function listed(...args: string[]): { sgx: number; odd: Listed[]; all: Listed[] } {
  const { sgx, instructions } = json(['lint', ...args], 'lint', here) as {
    sgx: number;
    instructions: Listed[];
  };
  return {
    sgx,
    all: instructions,
    odd: instructions.filter(({ symbol }) => symbol?.startsWith('odd') === true),
  };
}

const brief = ({ name, served }: Listed): string => `${name} ${served ? 'served' : 'SIGILL'}`;

if (built.status !== 0) console.log('skipped: motte lint: gcc-12 is not installed');
else {
  test('each instruction that faults, with its function and what becomes of it', () => {
    const { sgx, odd, all } = listed('odd');
    assert.is(sgx, 2);
    assert.equal(odd.map(brief), [
      'rdpmc SIGILL',
      'int SIGILL',
      'cpuid served',
      'mov to a segment register SIGILL',
    ]);
    assert.ok(all.filter(({ name }) => name === 'syscall').length > 10, 'the C library’s own');
    const symbols = spawnSync('nm', [join(folder, 'odd')], { encoding: 'utf8' }).stdout;
    const start = BigInt(`0x${/^([0-9a-f]+) T odd$/m.exec(symbols)?.[1] ?? '0'}`);
    const [first] = odd;
    assert.ok(first !== undefined && BigInt(first.address) >= start && BigInt(first.address) < start + 16n);
  });

  test('SGX1 has no time-stamp counter', () => {
    writeFileSync(join(folder, 'sgx1.toml'), '[sgx]\nversion = 1\n');
    const { sgx, odd } = listed('odd', '--config', 'sgx1.toml');
    assert.is(sgx, 1);
    assert.ok(odd.map(brief).includes('rdtsc SIGILL'));
  });

  test('as text: a line for each', () => {
    const { stdout } = motte(['lint', 'odd'], here);
    assert.match(stdout, /^0x[0-9a-f]+ in odd(\+0x[0-9a-f]+)?: rdpmc: SIGILL$/m);
    assert.match(stdout, /^0x[0-9a-f]+ in odd\+0x[0-9a-f]+: cpuid: served by the shim$/m);
    assert.is(stdout.trimEnd().split('\n').length, listed('odd').all.length);
  });

  test('strict emulation names those that nobody serves; plain emulation none', () => {
    const strict = motte(['run', '--emulate=strict', './odd'], here);
    assert.is(strict.status, 4, strict.stderr);
    const said = strict.stderr.split('\n').filter((line) => line.startsWith('motte: 0x'));
    assert.equal(
      said.map((line) => line.replace(/0x[0-9a-f]+ in odd[^:]*/, 'PLACE')),
      ['rdpmc', 'int', 'mov to a segment register'].map(
        (name) => `motte: PLACE: ${name}: SIGILL in an enclave`,
      ),
    );
    assert.not.match(motte(['run', '--emulate', './odd'], here).stderr, /^motte: 0x/m);
  });

  test('a file without a program is refused', () => {
    writeFileSync(join(folder, 'small.sgxs'), smallSgxs());
    assert.match(refusal(['lint', 'small.sgxs'], here), /^2 FILE_KIND small\.sgxs/);
  });
}

test.run();
