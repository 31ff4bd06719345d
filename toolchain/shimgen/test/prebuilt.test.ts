// SPDX-License-Identifier: Apache-2.0
import * as assert from 'uvu/assert';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'uvu';
import { codeOf } from '@motte/test-helpers/errors';
import { PINNED_COMPILER, checkDigest, formatDigests, parseDigests } from '../src/digests.js';
import { PIN } from '../src/pin.js';
import { buildPrebuilt, prebuiltFolder } from '../src/prebuilt.js';
import type { ShimStamp } from '../src/stamp.js';
import { append, edit, fixture } from './support/fixture.js';

if (spawnSync(PIN.compiler, ['--version']).error !== undefined) {
  console.log(
    `skipped: prebuilt shims: no ${PIN.compiler} on this machine (apt-get install ${PIN.compiler})`,
  );
} else {
  const SGX = 'sgx2 sgx1 sgx2-debug sgx1-debug';
  const VM = 'vm vm-debug';
  const ALL = `${SGX} ${VM}`;

  test('every variant is built once, and again only when something that decides their bytes changed', async () => {
    const root = fixture();
    const built = async (): Promise<string> =>
      (await buildPrebuilt({ root }))
        .filter((one) => one.built)
        .map(({ variant }) => variant)
        .join(' ');
    assert.is(await built(), ALL);
    for (const variant of ALL.split(' ')) {
      const tee = variant.startsWith('vm') ? 'vm' : 'sgx';
      const folder = prebuiltFolder(root, tee);
      const elf = readFileSync(join(folder, `${variant}.elf`));
      const stamp = JSON.parse(readFileSync(join(folder, `${variant}.json`), 'utf8')) as ShimStamp;
      assert.is(stamp.tee, tee);
      assert.is(stamp.sha256, createHash('sha256').update(elf).digest('hex'));
      assert.is(stamp.config.sgx?.version, tee === 'vm' ? undefined : variant.startsWith('sgx2') ? 2 : 1);
      assert.is(stamp.config.debug, variant.endsWith('-debug'));
    }
    assert.is(await built(), '');
    append(root, 'shims/core/core.c', '\n');
    assert.is(await built(), ALL);
    append(root, 'shims/sgx/include/site.h', '\n');
    assert.is(await built(), SGX);
    append(root, 'shims/vm/entry.S', '\n');
    assert.is(await built(), VM);
    edit(root, 'shims/sgx/components.json', '"indirect"', '"flags": ["-DFIXTURE=1"], "indirect"');
    assert.is(await built(), SGX);
    rmSync(join(prebuiltFolder(root, 'sgx'), 'sgx1.elf'));
    assert.is(await built(), 'sgx1');
    append(root, 'shims/sgx/prebuilt/sgx2.elf', '\n');
    assert.is(await built(), 'sgx2');
    assert.is(await built(), '');
  });

  test('what is up to date is not touched, and --force builds it anew', async () => {
    const root = fixture();
    await buildPrebuilt({ root, variants: ['sgx2'] });
    const file = join(prebuiltFolder(root, 'sgx'), 'sgx2.elf');
    const before = statSync(file).ino;
    assert.equal(
      (await buildPrebuilt({ root, variants: ['sgx2'] })).map((one) => one.built),
      [false],
    );
    assert.is(statSync(file).ino, before);
    assert.equal(
      (await buildPrebuilt({ root, variants: ['sgx2'], force: true })).map((one) => one.built),
      [true],
    );
  });
}

const PINNED = {
  sha256: 'ab'.repeat(32),
  provenance: { compiler: 'pinned', version: 'x' },
} as unknown as ShimStamp;
const digest = { variant: 'sgx2', compiler: PINNED_COMPILER, sha256: PINNED.sha256 };

test('shims/DIGESTS is read as it is written, and refused when a line is malformed', () => {
  assert.equal(parseDigests(formatDigests([digest])), [digest]);
  for (const line of [
    'sgx2',
    'sgx2 gcc',
    `sgx2 gcc ${'AB'.repeat(32)}`,
    `sgx2 gcc ${'ab'.repeat(31)}`,
    ' ',
  ]) {
    assert.is(
      codeOf(() => parseDigests(line)),
      'SHIM_DIGEST',
      line,
    );
  }
});

for (const [name, stamp, released, expected] of [
  ['the released digest', PINNED, [digest], 'accepted'],
  ['another digest', PINNED, [{ ...digest, sha256: 'cd'.repeat(32) }], 'SHIM_DIGEST'],
  ['a variant that is not listed', PINNED, [{ ...digest, variant: 'sgx1' }], 'SHIM_DIGEST'],
  ['a line by another compiler', PINNED, [{ ...digest, compiler: 'gcc-13_13' }], 'SHIM_DIGEST'],
] as const) {
  test(`${name}: ${expected}`, () => {
    assert.is(
      codeOf(() => checkDigest('sgx2', stamp, released)),
      expected,
    );
  });
}

test.run();
