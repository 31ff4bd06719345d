// SPDX-License-Identifier: Apache-2.0
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { VECTORS, haveVectors, vectorJson } from '@motte/test-helpers/vectors';
import { checkFolder, FOLDERS } from './vectors/index.js';

/** Rows that a folder's meta.json has, counted here without the code that checks them. */
function rowsIn(name: string): number {
  const meta = vectorJson(name, 'meta.json') as Record<string, unknown>;
  const lists = [meta['vectors'], meta['malformed']].filter((list): list is unknown[] => Array.isArray(list));
  if (lists.length > 0) return lists.reduce((sum, list) => sum + list.length, 0);
  const counts = meta['counts'] as Record<string, number> | undefined;
  // sgx-enarx has no list but one image and one SIGSTRUCT.
  if (counts === undefined) return 2;
  // Else rows of one name, with what is in them or how many of each sort beside it, or several lists.
  const own = counts['rows'] ?? counts['lists'] ?? counts['pages'] ?? counts['images'];
  return own ?? Object.values(counts).reduce((sum, count) => sum + count, 0);
}

for (const name of Object.keys(FOLDERS)) {
  if (!haveVectors(name)) {
    console.log(`skipped: vectors ${name}: not on this machine (MOTTE_VECTORS)`);
    continue;
  }
  test(`every row of ${name}`, () => {
    const rows = checkFolder(VECTORS, name) ?? [];
    const failed = rows.filter(({ failures }) => failures.length > 0);
    assert.equal(
      failed.flatMap(({ id, failures }) => failures.map((failure) => `${id}: ${failure}`)),
      [],
    );
    assert.ok(rows.length > 0 && rows.length === rowsIn(name), `${rows.length} of ${rowsIn(name)} rows`);
  });
}

test('a row that expects another digest fails', async () => {
  if (!haveVectors('sgxs-streams')) return;
  const { streamRows } = await import('./vectors/stream-rows.js');
  const { openFolder } = await import('./vectors/folder.js');
  const folder = openFolder(VECTORS, 'sgxs-streams');
  assert.ok(folder);
  const meta = JSON.parse(
    JSON.stringify(folder.json('meta.json')).replace(/"mrenclave":"../gu, '"mrenclave":"zz'),
  );
  const rows = streamRows({ ...folder, json: () => meta });
  assert.ok(rows.every(({ failures }) => failures.length > 0));
});

test.run();
