// SPDX-License-Identifier: Apache-2.0
// The machine fails under the loader, or the loader is killed: a clear end, and nothing left behind.
import { ROOT } from '@motte/test-helpers/vectors';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const script = (name: string): string => join(ROOT, 'packages/loader/dist/test/support', `${name}.js`);

test('a loader that is killed takes its helper along', async () => {
  const loader = spawn(process.execPath, [script('spinner')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<string>((resolve) =>
    loader.stdout.once('data', (text: Buffer) => resolve(text.toString().trim())),
  );
  assert.ok(existsSync(`/proc/${pid}`), 'the helper runs');
  loader.kill('SIGKILL');
  for (let i = 0; i < 200 && existsSync(`/proc/${pid}`); i++) await sleep(10);
  assert.not.ok(existsSync(`/proc/${pid}`), 'the helper is gone');
});

test('without descriptors loading fails by name, and with enough of them it works again', () => {
  const out = execFileSync('prlimit', ['--nofile=256:256', process.execPath, script('exhausted')], {
    encoding: 'utf8',
  });
  const { ends } = JSON.parse(out) as { ends: string[] };
  assert.is(ends[0], 'exited');
  assert.is(ends[1], 'HOST_MEMORY');
  assert.is(ends.at(-1), 'exited');
  assert.equal(
    ends.filter((end) => !['exited', 'HOST_MEMORY', 'HELPER_START'].includes(end)),
    [],
  );
  // Once it works it goes on working: nothing was leaked by the failures before.
  const first = ends.indexOf('exited', 1);
  assert.ok(ends.slice(first).every((end) => end === 'exited'));
});

test('a limit of file sizes below the Keep is HOST_MEMORY', () => {
  const ran = spawnSync('prlimit', ['--fsize=30000', process.execPath, script('exhausted')], {
    encoding: 'utf8',
  });
  const { ends } = JSON.parse(ran.stdout) as { ends: string[] };
  assert.equal([...new Set(ends)], ['HOST_MEMORY']);
});

test.run();
