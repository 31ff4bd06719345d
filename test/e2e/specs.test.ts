// SPDX-License-Identifier: Apache-2.0
// A layout table cites a document; docs/SPECS.md pins every document that is cited.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { ROOT } from '@motte/test-helpers/vectors';

const specs = readFileSync(join(ROOT, 'docs/SPECS.md'), 'utf8');
const pinned = [...specs.matchAll(/^\| ([^|]+?) \|/gm)].flatMap(
  (row) => (row[1] ?? '').split(' ... ')[0] ?? [],
);

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === 'node_modules' || entry.name === 'dist' ? [] : sources(path);
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') ? [path] : [];
  });
}

test('every document that a layout cites is pinned', () => {
  let cited = 0;
  for (const file of sources(join(ROOT, 'packages'))) {
    for (const [, source = ''] of readFileSync(file, 'utf8').matchAll(
      /\bsource: '((?:Intel|Linux|System|AMD|x86)[^']+)'/g,
    )) {
      cited++;
      assert.ok(
        pinned.some((document) => source.startsWith(document)),
        `${file}: "${source}" is not in docs/SPECS.md`,
      );
    }
  }
  assert.ok(cited >= 15, `only ${cited} citations found: does the pattern still fit?`);
});

test.run();
