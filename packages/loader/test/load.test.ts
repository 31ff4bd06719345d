// SPDX-License-Identifier: Apache-2.0
// Loads the smallest of Keeps and ends them in every way; after each, no process and no descriptor is left.
import { MotteError } from '@motte/binary/error';
import { tempFolder } from '@motte/test-helpers/temp';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { load } from '@motte/loader/load';
import { tinyImage, TINY } from './support/tiny-keep.js';
import type { Emulate, End, LoadOptions } from '@motte/loader/load';

const folder = tempFolder();

const QUIET: LoadOptions = { emulate: true, stdio: 'ignore' };

/** What the open descriptors are: sockets and memory by their number in the kernel, files by their path. */
function descriptors(): string[] {
  return readdirSync('/proc/self/fd')
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return []; // the folder that has just been read
      }
    })
    .sort();
}

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
}

async function nothingLeft(before: readonly string[]): Promise<void> {
  assert.equal(childrenOf(process.pid), []);
  // Node closes its side of the socket a turn later.
  for (let i = 0; i < 50 && descriptors().length > before.length; i++) await sleep(10);
  assert.equal(descriptors(), before);
}

// What Node opens once, for its first child, it keeps.
test.before(async () => {
  const keep = await load(tinyImage(TINY.EXIT_42), QUIET);
  await keep.exited;
});

interface EndRow {
  readonly name: string;
  readonly entry: number;
  readonly emulate?: Emulate;
  readonly expected: Partial<End>;
}

const ENDS: readonly EndRow[] = [
  { name: 'exit', entry: TINY.EXIT_42, expected: { ended: 'exited', status: 42 } },
  { name: 'signal', entry: TINY.SIGNAL_11, expected: { ended: 'signalled', status: 11 } },
  {
    name: 'refusal',
    entry: TINY.REFUSE_3,
    expected: { ended: 'refused', status: 0, cause: 'CONFIG_DIGEST' },
  },
  { name: 'no known reason', entry: TINY.NO_REASON, expected: { ended: 'killed', cause: 'EXIT_WHY' } },
  {
    name: 'registers not cleared',
    entry: TINY.LEAK,
    emulate: 'strict',
    expected: { ended: 'killed', cause: 'EXIT_REGISTERS' },
  },
];

for (const row of ENDS) {
  test(`a Keep ends: ${row.name}`, async () => {
    const before = descriptors();
    const keep = await load(tinyImage(row.entry), { ...QUIET, emulate: row.emulate ?? true });
    const end = await keep.exited;
    for (const [key, value] of Object.entries(row.expected)) {
      assert.is(end[key as keyof End], value, `${key} of ${JSON.stringify(end)}`);
    }
    const stats = await keep.stats();
    assert.ok(stats.entries >= 1);
    assert.is(keep.emulated, true);
    await nothingLeft(before);
  });
}

test('an exception that nobody handles is a clear end', async () => {
  const before = descriptors();
  const keep = await load(tinyImage(TINY.FAULT), { ...QUIET, limits: { timeMs: 5000 } });
  const end = await keep.exited;
  assert.ok(end.ended === 'trapped' || end.ended === 'killed', JSON.stringify(end));
  assert.not.equal(end.cause, 'TIME_LIMIT');
  await nothingLeft(before);
});

test('abort ends a Keep that spins', async () => {
  const before = descriptors();
  const keep = await load(tinyImage(TINY.SPIN), QUIET);
  keep.abort();
  keep.abort();
  const end = await keep.exited;
  assert.equal([end.ended, end.cause], ['killed', 'ABORTED']);
  await nothingLeft(before);
});

test('an AbortSignal ends it too, and one that fired before keeps it from starting', async () => {
  const before = descriptors();
  const controller = new AbortController();
  const keep = await load(tinyImage(TINY.SPIN), { ...QUIET, signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  const end = await keep.exited;
  assert.equal([end.ended, end.cause], ['killed', 'ABORTED']);
  await rejects(load(tinyImage(TINY.SPIN), { ...QUIET, signal: controller.signal }), 'LOAD_ABORTED');
  await nothingLeft(before);
});

test('the time limit ends it', async () => {
  const before = descriptors();
  const began = performance.now();
  const keep = await load(tinyImage(TINY.SPIN), { ...QUIET, limits: { timeMs: 50 } });
  const end = await keep.exited;
  assert.equal([end.ended, end.cause], ['killed', 'TIME_LIMIT']);
  assert.ok(performance.now() - began >= 50);
  await nothingLeft(before);
});

test('a helper that is killed is a clear end', async () => {
  const before = descriptors();
  const keep = await load(tinyImage(TINY.SPIN), QUIET);
  const pending = keep.peek(0n, 16);
  assert.ok(keep.pid !== undefined);
  process.kill(keep.pid, 'SIGKILL');
  const end = await keep.exited;
  assert.equal([end.ended, end.cause], ['killed', 'HELPER_DIED']);
  assert.match(end.reason ?? '', 'SIGKILL');
  // The answer may have been faster than the kill; waiting for ever is what must not be.
  await pending.catch((error: unknown) =>
    assert.ok(error instanceof MotteError && error.code === 'KEEP_CLOSED'),
  );
  await nothingLeft(before);
});

test('a helper that is stopped cannot hold up an abort', async () => {
  const keep = await load(tinyImage(TINY.SPIN), QUIET);
  assert.ok(keep.pid !== undefined);
  process.kill(keep.pid, 'SIGSTOP');
  keep.abort();
  const end = await keep.exited;
  assert.equal([end.ended, end.cause], ['killed', 'ABORTED']);
  assert.not.ok(existsSync(`/proc/${keep.pid}`));
});

test('nothing can be asked of a Keep that is gone, and nobody waits for ever', async () => {
  const keep = await load(tinyImage(TINY.EXIT_42), QUIET);
  await keep.exited;
  await rejects(keep.peek(0n, 16), 'KEEP_CLOSED');
  assert.ok((await keep.stats()).entries >= 1, 'what it last said is kept');
  keep.abort();
  await keep.close();
});

test('an aborted Keep with linger still answers', async () => {
  const keep = await load(tinyImage(TINY.SPIN), { ...QUIET, linger: true });
  keep.abort();
  assert.is((await keep.exited).cause, 'ABORTED');
  // Longer than a helper has to end its Keep: it must not be killed for lingering.
  await sleep(1200);
  assert.is((await keep.peek(0n, 16)).bytes.length, 16);
  await keep.close();
  await rejects(keep.peek(0n, 16), 'KEEP_CLOSED');
});

test('a helper that says nothing is ended by the signal', async () => {
  const before = descriptors();
  const path = join(folder, 'silent');
  writeFileSync(path, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
  const signal = AbortSignal.timeout(100);
  await rejects(load(tinyImage(TINY.SPIN), { ...QUIET, helper: path, signal }), 'LOAD_ABORTED');
  await nothingLeft(before);
});

test('with linger the helper answers after the end, until close', async () => {
  const before = descriptors();
  const keep = await load(tinyImage(TINY.EXIT_42), { ...QUIET, linger: true });
  assert.is((await keep.exited).status, 42);
  const { bytes, hidden } = await keep.peek(0n, 5);
  assert.is(hidden, false);
  assert.equal([...bytes], [0xbf, 3, 0, 0, 0]);
  await keep.close();
  await nothingLeft(before);
});

test('strict emulation shows the host nothing', async () => {
  const keep = await load(tinyImage(TINY.EXIT_42), { ...QUIET, emulate: 'strict', linger: true });
  await keep.exited;
  const { bytes, hidden } = await keep.peek(0n, 64);
  assert.is(hidden, true);
  assert.ok(bytes.every((byte) => byte === 0xff));
  await keep.close();
});

async function rejects(promise: Promise<unknown>, code: string): Promise<MotteError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof MotteError, String(error));
    assert.is(error.code, code, error.message);
    return error;
  }
  throw new Error(`accepted, expected ${code}`);
}

const BROKEN = [
  { name: 'is not there', make: (): string => join(folder, 'none'), text: /missing/ },
  {
    name: 'may not be executed',
    make: (): string => {
      const path = join(folder, 'plain');
      copyFileSync('/bin/true', path);
      chmodSync(path, 0o644);
      return path;
    },
    text: /noexec/,
  },
  {
    name: 'leaves at once',
    make: (): string => '/bin/true',
    text: /ended with exit status 0/,
  },
  {
    name: 'talks nonsense',
    make: (): string => {
      const path = join(folder, 'nonsense');
      writeFileSync(path, '#!/bin/sh\nhead -c 100 /dev/zero >&3; exec sleep 60\n', { mode: 0o755 });
      return path;
    },
    text: /magic/,
  },
];

for (const row of BROKEN) {
  test(`a helper that ${row.name} is HELPER_START`, async () => {
    const before = descriptors();
    const error = await rejects(load(tinyImage(TINY.SPIN), { ...QUIET, helper: row.make() }), 'HELPER_START');
    assert.match(error.message, row.text);
    await nothingLeft(before);
  });
}

const OPTIONS: readonly { name: string; options: LoadOptions; code: string }[] = [
  { name: 'no time', options: { limits: { timeMs: 0 } }, code: 'LOAD_OPTION' },
  { name: 'half a millisecond', options: { limits: { timeMs: 0.5 } }, code: 'LOAD_OPTION' },
  { name: 'too much time', options: { limits: { timeMs: 2 ** 32 } }, code: 'LOAD_OPTION' },
  { name: 'no page', options: { limits: { epcPages: 0 } }, code: 'LOAD_OPTION' },
  { name: 'NUL in an argument', options: { args: ['\0'] }, code: 'LOAD_OPTION' },
  { name: 'a host that watches an enclave', options: { switchless: true }, code: 'LOAD_OPTION' },
  { name: 'a TEE of later', options: { backend: 'snp' }, code: 'TEE_MISSING' },
];

for (const row of OPTIONS) {
  test(`load refuses ${row.name}, and leaves nothing open`, async () => {
    const before = descriptors();
    await rejects(load(tinyImage(TINY.EXIT_42), { ...QUIET, ...row.options }), row.code);
    await nothingLeft(before);
  });
}

test.run();
