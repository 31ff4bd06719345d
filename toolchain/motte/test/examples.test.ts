// SPDX-License-Identifier: Apache-2.0
// Each example's two commands, as its README has them.
import { ROOT } from '@motte/test-helpers/vectors';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MOTTE, PLACE } from './motte.js';

const bin = join(PLACE, 'bin');
mkdirSync(bin);
symlinkSync(MOTTE, join(bin, 'motte'));
const env = {
  ...process.env,
  XDG_CONFIG_HOME: join(PLACE, 'config'),
  PATH: `${bin}:${process.env['PATH'] ?? ''}`,
};

for (const language of readdirSync(join(ROOT, 'examples'))) {
  const folder = join(PLACE, language);
  cpSync(join(ROOT, 'examples', language), folder, { recursive: true });
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const commands = /```sh\n([\s\S]*?)```/.exec(readme)?.[1]?.trim().split('\n') ?? [];
  const compiler = commands[0]?.split(' ')[0] ?? '';
  if (spawnSync('sh', ['-c', `command -v ${compiler}`]).status !== 0) {
    console.log(`skipped: the example in ${language}: ${compiler} is not on this machine`);
    continue;
  }
  test(`${language}: a build, a run`, () => {
    assert.is(commands.length, 2);
    const ran = spawnSync('sh', ['-ec', commands.join('\n')], { cwd: folder, env, encoding: 'utf8' });
    assert.is(ran.status, 0, ran.stderr);
    assert.is(ran.stdout, 'hello from the keep\n');
  });
}

test('there are examples', () => assert.ok(readdirSync(join(ROOT, 'examples')).length >= 2));

test.run();
