// SPDX-License-Identifier: Apache-2.0
// A layout table cites a document; docs/SPECS.md pins every document that is cited.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
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

test('every host of docs/hostile-hosts.md is played by the test that it names', () => {
  const page = readFileSync(join(ROOT, 'docs/hostile-hosts.md'), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| [^|-]*\|/.test(line) && line.includes('`'));
  for (const row of rows) {
    const cell = row.split(' | ').at(-1) ?? '';
    const [first = '', title] = [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
    const files = [...cell.matchAll(/`((?:test|shims|packages|toolchain)\/[^`]+\.ts)`/g)];
    assert.ok(files.length > 0, row);
    for (const [, file = ''] of files) assert.ok(existsSync(join(ROOT, file)), file);
    if (title === undefined || title.endsWith('.ts')) continue;
    assert.ok(readFileSync(join(ROOT, first), 'utf8').includes(title), `${first}: ${title}`);
  }
  assert.ok(rows.length >= 30, `${rows.length} rows found`);
});

test.run();
