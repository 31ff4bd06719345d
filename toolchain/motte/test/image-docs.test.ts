// SPDX-License-Identifier: Apache-2.0
// docs/keep-image.md does what it says.
import { ROOT } from '@motte/test-helpers/vectors';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MOTTE, PLACE } from './motte.js';
import { have } from './tools.js';

const folder = join(PLACE, 'image-docs');
mkdirSync(join(folder, 'bin'), { recursive: true });
symlinkSync(MOTTE, join(folder, 'bin/motte'));
writeFileSync(join(folder, 'Keep.toml'), 'args = ["images"]\n');

if (!have('openssl') || !have('gcc-12')) {
  console.log('skipped: docs/keep-image.md: openssl or gcc-12 is not installed');
} else {
  test('each block of docs/keep-image.md runs', () => {
    const hello = join(ROOT, 'examples/c/hello.c');
    assert.is(spawnSync('gcc-12', ['-static-pie', '-O2', hello, '-o', join(folder, 'app')]).status, 0);
    const text = readFileSync(join(ROOT, 'docs/keep-image.md'), 'utf8');
    const blocks = [...text.matchAll(/```sh\n([^]*?)```/gu)].map(([, block = '']) => block);
    assert.is(blocks.length, 4);
    const env = {
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      XDG_CONFIG_HOME: join(folder, 'config'),
    };
    const out = blocks.map((block) => {
      const ran = spawnSync('sh', ['-eu', '-c', block], { cwd: folder, env, encoding: 'utf8' });
      assert.is(ran.status, 0, `${block}\n${ran.stderr}`);
      return ran.stdout;
    });
    assert.match(out[0] ?? '', /\nhello images\n$/);
  });
}

test.run();
