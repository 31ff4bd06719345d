// SPDX-License-Identifier: Apache-2.0
// The program of docs/library.md runs as it stands there.
import { program } from '@motte/test-helpers/programs';
import { ROOT } from '@motte/test-helpers/vectors';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const built = program('tls');
const page = readFileSync(join(ROOT, 'docs/library.md'), 'utf8');
const [, code = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
// Beside the compiled tests, from where the packages are found.
const script = join(ROOT, `test/dist/library-example.${process.pid}.mjs`);

if ('skipped' in built) {
  console.log(`skipped: the program of docs/library.md: ${built.skipped}`);
} else {
  test('the program of docs/library.md', () => {
    writeFileSync(script, code);
    try {
      const ran = spawnSync(process.execPath, [script, built.path], { encoding: 'utf8', timeout: 60_000 });
      assert.is(ran.status, 0, ran.stderr);
      const lines = ran.stdout.trim().split('\n');
      assert.match(lines[0] ?? '', /^mrenclave [0-9a-f]{64}$/);
      assert.is(lines[1], 'tls 42');
      assert.is(lines[4], 'argv[3] = library');
      assert.equal(lines.slice(-2), ['exited 3', 'entries true']);
    } finally {
      rmSync(script, { force: true });
    }
  });
}

test.run();
