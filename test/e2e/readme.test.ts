// SPDX-License-Identifier: Apache-2.0
// Every command of the README, run in the order of the page in one shell a section, in a copy of what a user has.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT, haveVectors, vector } from '@motte/test-helpers/vectors';

/** `npm test` is what runs this; running it from here would not end. */
const RUNS_THIS = 'npm test';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]?.trim() ?? '');
const place = tempFolder('motte-readme');
const home = join(place, 'home');
mkdirSync(home);
for (const name of ['examples', 'node_modules']) symlinkSync(join(ROOT, name), join(place, name));

/** What a reader has of their own, from the vectors. */
const OWN: Readonly<Record<string, readonly [folder: string, file: string]>> = {
  'OVMF.fd': ['snp-launch-ovmf', 'ovmf_AmdSev_suffix.bin'],
  vmlinuz: ['snp-launch-ovmf', 'kernel1.bin'],
  'initrd.img': ['snp-launch-ovmf', 'initrd1.bin'],
  'TDVF.fd': ['tdx-mrtd', 'gce-clean-example-2m.fd'],
  'enclave.signed.so': ['sgx-intel-signer', 'x_kss.signed.so'],
};

/** Puts the reader's files in place that a block names; the folder of those that are not on this machine. */
function ownFiles(block: string): string | undefined {
  for (const [name, [folder, file]] of Object.entries(OWN)) {
    if (!block.includes(name)) continue;
    if (!haveVectors(folder)) return folder;
    writeFileSync(join(place, name), vector(folder, file));
  }
  return undefined;
}

const environment = {
  ...process.env,
  HOME: home,
  XDG_CONFIG_HOME: join(home, '.config'),
  PATH: `${join(place, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
};

function shell(script: string, cwd: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('sh', ['-euc', script], { cwd, encoding: 'utf8', env: environment, timeout: 240_000 });
}

test('the page has its two commands and the others', () => {
  assert.ok(blocks.includes('npm start') && blocks.includes(RUNS_THIS));
  assert.ok(blocks.length >= 9);
});

for (const block of blocks.filter((text) => text !== RUNS_THIS)) {
  const missing = ownFiles(block);
  if (missing !== undefined) {
    console.log(`skipped: README, ${block.split('\n')[0]}: no vectors ${missing} (MOTTE_VECTORS)`);
    continue;
  }
  test(block.split('\n').at(-1) ?? block, () => {
    const ran = shell(block, block === 'npm start' ? ROOT : place);
    assert.is(ran.status, 0, `${block}\n${ran.stdout}${ran.stderr}`);
  });
}

test('the program ran, and the three ways to its MRENCLAVE agree', () => {
  const ran = shell('motte run --emulate ./hello from the keep', place);
  assert.match(ran.stdout, 'from the keep');
  const digests = shell(
    'motte measure sgx ./hello; motte measure sgx hello.plan; sha256sum hello.sgxs | cut -d" " -f1',
    place,
  );
  const lines = digests.stdout.trim().split('\n');
  assert.is(lines.length, 3);
  assert.is(new Set(lines).size, 1);
  assert.match(lines[0] ?? '', /^[0-9a-f]{64}$/);
});

test('every file that the page links to is there', () => {
  for (const [, path = ''] of readme.matchAll(/\]\(([^)]+)\)/g)) readdirOrFile(join(ROOT, path));
});

function readdirOrFile(path: string): void {
  assert.is(spawnSync('test', ['-e', path]).status, 0, path);
}

test.run();
