// SPDX-License-Identifier: Apache-2.0
// The programs of docs/library.md run as they stand there.
import { program } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const built = program('tls');
const page = readFileSync(join(ROOT, 'docs/library.md'), 'utf8');
const [keepCode = '', imageCode = ''] = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);
// Beside the compiled tests, from where the packages are found.
const script = join(ROOT, `test/dist/library-example.${process.pid}.mjs`);

if ('skipped' in built) {
  console.log(`skipped: the program of docs/library.md: ${built.skipped}`);
} else {
  /** The lines that a program prints. */
  const run = (code: string, ...args: readonly string[]): string[] => {
    writeFileSync(script, code);
    try {
      const ran = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', timeout: 60_000 });
      assert.is(ran.status, 0, ran.stderr);
      return ran.stdout.trim().split('\n');
    } finally {
      rmSync(script, { force: true });
    }
  };

  test('the program of docs/library.md that runs a program', () => {
    const lines = run(keepCode, built.path);
    assert.match(lines[0] ?? '', /^mrenclave [0-9a-f]{64}$/);
    assert.is(lines[1], 'tls 42');
    assert.is(lines[4], 'argv[3] = library');
    assert.equal(lines.slice(-2), ['exited 3', 'entries true']);
  });

  test('the program of docs/library.md that builds, signs, verifies and runs an image', () => {
    const lines = run(imageCode, built.path, join(tempFolder('motte-library'), 'hello.keep'));
    const [, predicted] = /^mrenclave ([0-9a-f]{64})$/.exec(lines[0] ?? '') ?? [];
    assert.is(lines[1], 'tls 42');
    assert.is(lines[4], 'argv[3] = image');
    assert.is(lines.at(-1), `3 ${predicted}`);
  });
}

test.run();
