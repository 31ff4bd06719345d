// SPDX-License-Identifier: Apache-2.0
// `motte run --tee snp --emulate` of the very programs of the other Keeps, and of a signed image of one: in this machine's KVM or
// in one of scripts/tcg, all in one boot.
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const MOTTE = join(ROOT, 'toolchain/motte/dist/motte.cjs');
const folder = tempFolder('motte-e2e-snp');
const hello = join(folder, 'hello');
const image = join(folder, 'hello.keep');

function motte(...args: readonly string[]): string {
  return execFileSync(process.execPath, [MOTTE, ...args], { cwd: folder, encoding: 'utf8' });
}

function made(): { measured: string; ofImage: string } {
  writeFileSync(
    join(folder, 'hello.c'),
    '#include <stdio.h>\nint main(int c, char **v) { printf("hello %s\\n", c > 1 ? v[1] : "world"); return 3; }\n',
  );
  execFileSync('gcc-12', ['-O2', '-static-pie', join(folder, 'hello.c'), '-o', hello]);
  motte('build', hello, '-o', image);
  return {
    measured: motte('measure', 'snp', hello).trim(),
    ofImage: motte('measure', 'snp', image).trim(),
  };
}

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runAll(): Promise<readonly Ran[] | string> {
  const kvm = await kvmOrWhy({ kinds: ['kvm', 'tcg'] });
  if (typeof kvm === 'string') return kvm;
  try {
    const all: Ran[] = [];
    for (const args of [
      ['--stats', hello],
      ['--stats', image],
      ['--no-patch', hello],
    ]) {
      const argv = [process.execPath, MOTTE, 'run', '--tee', 'snp', '--emulate', ...args];
      const { status, stdout, stderr } = await kvm.run(argv, { cwd: folder, seconds: 120, env: process.env });
      all.push({ status, stdout: stdout.toString(), stderr: stderr.toString() });
    }
    return all;
  } finally {
    await kvm.end();
  }
}

const { measured, ofImage } = made();
const ran = await runAll();
if (typeof ran === 'string') {
  console.log(`skipped: motte run --tee snp --emulate: ${ran}`);
} else {
  const [program, signed, unpatched] = ran;

  test('a program runs, and its digest is the one that `motte measure snp` predicts', () => {
    assert.equal([program?.status, program?.stdout], [3, 'hello world\n'], program?.stderr);
    const said = program?.stderr ?? '';
    assert.match(said, /snp \(simulated\) · not protected/);
    const stats = JSON.parse(said.slice(said.indexOf('{'))) as Record<string, unknown>;
    assert.is(stats['measurement'], measured);
    assert.is(stats['emulated'], true);
    assert.ok((stats['patchedSites'] as number) >= 2);
    assert.ok((stats['exits'] as Record<string, number>)['io'] !== undefined);
  });

  test('so does an image of it', () => {
    assert.equal([signed?.status, signed?.stdout], [3, 'hello world\n'], signed?.stderr);
    assert.match(signed?.stderr ?? '', new RegExp(`"measurement":"${ofImage}"`));
  });

  test('without its sites replaced it is refused in words', () => {
    assert.is(unpatched?.status, 122, unpatched?.stderr);
    assert.match(unpatched?.stderr ?? '', /no VMGEXIT and no PVALIDATE/);
  });
}

test.run();
