// SPDX-License-Identifier: Apache-2.0
// How the shim asks a host without leaving: only what is prompt, only where somebody watches, and not for ever.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promptNumbers } from '@motte/hostcall/generate/prompt';
import { TABLE } from '@motte/hostcall/table';
import { nativeProgramIn } from '@motte/test-helpers/native';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const VM = resolve(fileURLToPath(import.meta.url), '../../..');
const run = nativeProgramIn(VM, ['test/c', join('..', 'core/test/c')], 'switchless_driver', [
  'test/c/switchless_driver.c',
  'switchless.c',
]);

const { stdout, stderr } = run([]);
const lines = stdout.toString().trimEnd().split('\n');

test('hosts of each kind', () => {
  assert.is(stderr, '');
  assert.equal(
    lines.filter((line) => !line.startsWith('prompt ')),
    [
      'nobody watches: leaves, 0 looks, state 0',
      'nobody watches, and says that it has answered: leaves, 0 looks, state 2',
      'answers at once: answered, 1 looks, state 2',
      'watches by another word: answered, 1 looks, state 2',
      'answers later: answered, 900 looks, state 2',
      'answers too late: leaves, 1000 looks, state 1',
      'never answers: leaves, 1000 looks, state 1',
      'has answered the call before: leaves, 1000 looks, state 1',
      'is asked what may take its time: leaves, 0 looks, state 0',
    ],
  );
});

test('what is prompt: as the table, and nothing that blocks or is about threads and pages', () => {
  const said = lines.filter((line) => line.startsWith('prompt ')).map((line) => Number(line.slice(7)));
  assert.equal(said, promptNumbers(TABLE));
  const names = TABLE.filter(({ number }) => said.includes(number)).map(({ name }) => name);
  for (const name of ['clock_gettime', 'pread64', 'pwrite64', 'net_receive', 'net_send', 'image_read'])
    assert.ok(names.includes(name), name);
  for (const name of ['read', 'write', 'wait', 'fsync', 'thread_start', 'balloon_add', 'vcpu_kick', 'trace'])
    assert.not.ok(names.includes(name), name);
});

test.run();
