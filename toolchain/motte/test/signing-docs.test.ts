// SPDX-License-Identifier: Apache-2.0
// docs/signing.md does what it says.
import { ROOT } from '@motte/test-helpers/vectors';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MOTTE, PLACE, motte } from './motte.js';
import { smallSgxs } from './small-sgxs.js';
import { have } from './tools.js';

const folder = join(PLACE, 'signing-docs');
mkdirSync(join(folder, 'bin'), { recursive: true });
symlinkSync(MOTTE, join(folder, 'bin/motte'));
writeFileSync(join(folder, 'keep.sgxs'), smallSgxs());
for (const name of ['kernel', 'initrd', 'note.txt']) writeFileSync(join(folder, name), name);

if (!have('openssl')) console.log('skipped: docs/signing.md: openssl is not installed');
else
  test('each block of docs/signing.md runs', () => {
    const text = readFileSync(join(ROOT, 'docs/signing.md'), 'utf8');
    const blocks = [...text.matchAll(/```sh\n([^]*?)```/gu)].map(([, block = '']) => block);
    assert.is(blocks.length, 4);
    motte(['key', 'create', 'pef', '-o', 'owner2.pem', '--public', 'owner2.pub'], { cwd: folder });
    const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` };
    for (const block of blocks) {
      const ran = spawnSync('sh', ['-eu', '-c', block], { cwd: folder, env, encoding: 'utf8' });
      assert.is(ran.status, 0, `${block}\n${ran.stderr}`);
    }
  });

test.run();
