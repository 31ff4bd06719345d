// SPDX-License-Identifier: Apache-2.0
import { ROOT } from '@motte/test-helpers/vectors';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CAUSES, VARIATIONS } from '../src/variation.js';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

test('CHANGES.md says for each release whether measurements change', () => {
  const [, ...releases] = read('CHANGES.md').split(/^## /m);
  assert.ok(releases.length > 0);
  for (const release of releases) assert.match(release, /^Measurements: \S/m, release.split('\n')[0]);
});

test('docs/reproducible.md has every variation and every cause', () => {
  const text = read('docs/reproducible.md');
  const rows = text.split('\n').map((line) => line.split('|')[1]?.trim() ?? '');
  for (const name of [...VARIATIONS, ...Object.keys(CAUSES)])
    assert.ok(
      rows.some((row) => row.split(', ').includes(name)),
      name,
    );
});

test('every package of the private compiler is pinned by its hash', () => {
  const lines = read('scripts/compiler-debs')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.ok(lines.some((line) => line.endsWith('/gcc-12_12.2.0-14+deb12u1_amd64.deb')));
  for (const line of lines) assert.match(line, /^[0-9a-f]{64} pool\/main\/\S+_amd64\.deb$/);
});

test.run();
