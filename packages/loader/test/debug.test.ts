// SPDX-License-Identifier: Apache-2.0
// What the host of a debug Keep can see, and that the host of any other cannot.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultConfig } from '@motte/config/keep-toml';
import { TRACE_ANSWER, TRACE_PHASE } from '@motte/hostcall/trace-event';
import { program } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { developerSigner } from '../src/keep/developer-key.js';
import { prepareSgxKeep } from '../src/keep/prepare.js';
import { load } from '../src/load.js';
import type { Emulate, Keep, Listener } from '../src/load.js';
import { shimPlace } from '../src/prebuilt.js';

const built = program('tls');
const PAGE = 4096;
const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];

if ('skipped' in built || !existsSync(shimPlace('sgx2-debug.elf'))) {
  console.log(`skipped: debug Keeps: ${'skipped' in built ? built.skipped : 'sgx2-debug.elf is not built'}`);
} else {
  const signer = developerSigner(join(tempFolder('motte-key'), 'developer.pem'));

  const start = async (debug: boolean, emulate: Emulate, listener?: Listener): Promise<Keep> => {
    const config = defaultConfig();
    const image = prepareSgxKeep({
      exec: built.path,
      config: { ...config, sgx: { ...config.sgx, debug } },
      signer,
    });
    try {
      const keep = await load(image, {
        emulate,
        stdio: 'ignore',
        linger: true,
        limits: { timeMs: 60_000 },
        ...(listener === undefined ? {} : { listener }),
      });
      await keep.exited;
      return keep;
    } finally {
      image.close();
    }
  };

  for (const emulate of [true, 'strict'] as const)
    test(`a debug Keep is read up to the first page that is not there (${emulate})`, async () => {
      const keep = await start(true, emulate);
      try {
        assert.equal([...(await keep.debugRead(0n, 4))], ELF_MAGIC);
        // The middle of the heap was never added.
        const middle = (keep.size / 2n / BigInt(PAGE)) * BigInt(PAGE);
        assert.is((await keep.debugRead(middle, PAGE)).length, 0);
        const most = await keep.debugRead(0n, 1 << 20);
        assert.ok(most.length > PAGE && most.length < 1 << 20, `${most.length}`);
        assert.is(most.length % PAGE, 0);
      } finally {
        await keep.close();
      }
    });

  test('a Keep that is no debug Keep is not read, nor does it tell', async () => {
    let told = 0;
    const keep = await start(false, true, () => Promise.resolve(told++));
    try {
      assert.is((await keep.debugRead(0n, PAGE)).length, 0);
      assert.is(told, 0);
    } finally {
      await keep.close();
    }
  });

  test('a number that was muted is told of no more', async () => {
    const calls = new Map<bigint, number>();
    const keep = await start(true, true, ({ phase, number, tid }) => {
      assert.is(tid, 1);
      if (phase === TRACE_PHASE.CALL) calls.set(number, (calls.get(number) ?? 0) + 1);
      return Promise.resolve(TRACE_ANSWER.MUTE);
    });
    await keep.close();
    assert.ok(calls.size > 5, `${calls.size} numbers`);
    assert.equal(
      [...calls.values()].filter((count) => count !== 1),
      [],
    );
  });

  test('a listener that fails ends the Keep', async () => {
    const keep = await start(true, true, () => Promise.reject(new Error('the listener’s own')));
    assert.equal(await keep.exited, {
      ended: 'killed',
      status: 0,
      cause: 'HELPER_PROTOCOL',
      reason: 'the listener’s own',
    });
    await keep.close();
  });
}

test.run();
