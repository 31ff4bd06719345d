// SPDX-License-Identifier: Apache-2.0
// A memory that cannot be filled while its helper starts: whoever is told so finds no process either.
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { SharedMemory } from '@motte/loader/emulated/epc';
import { Keep } from '@motte/loader/keep';
import { helperPath } from '@motte/loader/prebuilt';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Fill } from '@motte/loader/keep';

/** Of this process, zombies too. */
function children(): string[] {
  return readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
}

async function refused(measurement: Fill): Promise<string> {
  const memory = new SharedMemory('test', 4096);
  try {
    await Keep.start({
      path: helperPath(),
      stdio: ['ignore', 'ignore', 'inherit'],
      memory: memory.descriptor.fd,
      grants: [],
      parts: [],
      emulated: false,
      measurement,
      begun: performance.now(),
      // Nothing that the helper takes: without the failure above it would be HELPER_START.
      start: new Uint8Array(4),
      size: 4096n,
      tee: 'kvm',
      linger: false,
    });
    return 'started';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    memory.close();
  }
}

for (const [name, measurement, expected] of [
  ['the filling fails', () => fail('no file'), /no file/],
  ['it is filled, and START is none', () => () => new Uint8Array(48), /could not be started/],
] as readonly [string, Fill, RegExp][])
  test(name, async () => {
    const before = children();
    assert.match(await refused(measurement), expected);
    assert.equal(children(), before);
  });

function fail(message: string): never {
  throw new Error(message);
}

test.run();
