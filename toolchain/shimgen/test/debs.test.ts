// SPDX-License-Identifier: Apache-2.0
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pinnedDebs } from '../src/debs.js';
import { PIN } from '../src/pin.js';

test('the packages that a stamp names are those of the pin', () => {
  const names = pinnedDebs(ROOT).map(({ name }) => name);
  for (const name of [`gcc-12_${PIN.compilerVersion}_amd64.deb`, `cpp-12_${PIN.compilerVersion}_amd64.deb`])
    assert.ok(names.includes(name), `${name} is not in scripts/compiler-debs`);
  assert.ok(names.some((name) => name.startsWith(`binutils-x86-64-linux-gnu_${PIN.binutilsVersion}`)));
  assert.not.ok(names.some((name) => name.startsWith('libc6')));
});

test('comments, other packages and malformed lines are none of them', () => {
  const root = tempFolder('motte-debs');
  assert.equal(pinnedDebs(root), []);
  mkdirSync(join(root, 'scripts'));
  const sha256 = 'ab'.repeat(32);
  const lines = [
    `# ${sha256} pool/main/g/gcc-12/no.deb`,
    `${sha256} pool/main/g/gcc-12/gcc-12_1_amd64.deb`,
    `${sha256} pool/main/g/gmp/libgmp10_6_amd64.deb`,
    `${sha256.slice(1)} pool/main/g/gcc-12/cpp-12_1_amd64.deb`,
  ];
  writeFileSync(join(root, 'scripts/compiler-debs'), lines.join('\n'));
  assert.equal(pinnedDebs(root), [{ name: 'gcc-12_1_amd64.deb', sha256 }]);
});

test.run();
