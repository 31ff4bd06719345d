// SPDX-License-Identifier: Apache-2.0
// `motte run --tee snp --emulate` of the very programs of the other Keeps, and of a signed image of one, which runs on plain KVM as
// well: in this machine's KVM or in one of scripts/tcg, all in one boot.
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
  motte('key', 'create', 'snp', '-o', 'id.pem');
  motte('sign', 'image', image, '--id-key', 'id.pem');
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
      ['snp', '--emulate', '--stats', hello],
      ['snp', '--emulate', '--stats', image],
      ['snp', '--emulate', '--no-patch', hello],
      ['kvm', '--stats', image],
    ]) {
      const argv = [process.execPath, MOTTE, 'run', '--tee', ...args];
      const { status, stdout, stderr } = await kvm.runRepeatable(argv, { cwd: folder, seconds: 120 });
      all.push({ status, stdout: stdout.toString(), stderr: stderr.toString() });
    }
    return all;
  } finally {
    await kvm.end();
  }
}

interface Stats {
  readonly tee: string;
  readonly measurement: string;
  readonly emulated: boolean;
  readonly patchedSites: number;
  readonly hostCalls: number;
  readonly exits: Readonly<Record<string, number>>;
  readonly ioctls: number;
}

function statsOf({ stderr }: Ran): Stats {
  return JSON.parse(stderr.slice(stderr.indexOf('{'))) as Stats;
}

/** Exits of all reasons. A vCPU is interrupted (`intr`) as the machine pleases. */
function exitsOf({ exits }: Stats): number {
  return Object.entries(exits).reduce((sum, [reason, count]) => (reason === 'intr' ? sum : sum + count), 0);
}

/** What it takes to make a Keep of one vCPU and to run a program of one write in it: by number, for time is the machine's. */
const MOST = {
  kvm: { ioctls: 20, exits: 3 },
  snp: { ioctls: 24, exits: 20 },
} as const;

const { measured, ofImage } = made();
const ran = await runAll();
if (typeof ran === 'string') {
  console.log(`skipped: motte run --tee snp --emulate: ${ran}`);
} else {
  const [program, signed, unpatched, plain] = ran;
  assert.ok(program && signed && unpatched && plain);

  test('a program runs, and its digest is the one that `motte measure snp` predicts', () => {
    assert.equal([program.status, program.stdout], [3, 'hello world\n'], program.stderr);
    assert.match(program.stderr, /snp \(simulated\) · not protected/);
    const stats = statsOf(program);
    assert.equal([stats.measurement, stats.emulated], [measured, true]);
    assert.ok(stats.patchedSites >= 2);
    assert.ok(stats.exits['io'] !== undefined);
  });

  test('so does an image of it', () => {
    assert.equal([signed.status, signed.stdout], [3, 'hello world\n'], signed.stderr);
    assert.is(statsOf(signed).measurement, ofImage);
  });

  test('the same image runs on plain KVM', () => {
    assert.equal([plain.status, plain.stdout], [3, 'hello world\n'], plain.stderr);
    assert.match(plain.stderr, /^kvm · not protected: /);
    assert.is(statsOf(plain).tee, 'kvm');
  });

  test('ioctls and exits that it takes are few: on plain KVM no exit comes before ring 3', () => {
    for (const one of [program, plain]) {
      const stats = statsOf(one);
      const most = MOST[stats.tee === 'kvm' ? 'kvm' : 'snp'];
      console.log(`${stats.tee}: ${stats.ioctls} ioctls, exits ${JSON.stringify(stats.exits)}`);
      assert.ok(stats.ioctls > 0 && stats.ioctls <= most.ioctls, `${stats.tee}: ${stats.ioctls} ioctls`);
      assert.ok(exitsOf(stats) <= most.exits, `${stats.tee}: ${exitsOf(stats)} exits`);
      // A host call is one exit; on plain KVM the end is the only other.
      assert.ok(stats.tee !== 'kvm' || exitsOf(stats) === stats.hostCalls + 1);
    }
  });

  test('without its sites replaced it is refused in words', () => {
    assert.is(unpatched.status, 122, unpatched.stderr);
    assert.match(unpatched.stderr, /no VMGEXIT and no PVALIDATE/);
  });
}

test.run();
