// SPDX-License-Identifier: Apache-2.0
import { sameBytes } from '@motte/test-helpers/bytes';
import { codeAndField } from '@motte/test-helpers/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EpcState, SharedMemory } from '@motte/loader/emulated/epc';
import { native } from '@motte/loader/native';
import type { MemoryCalls } from '@motte/loader/emulated/epc';

const SIZE = 64;
const BYTES = new Uint8Array(40).map((_, i) => i + 1);

/** The real kernel, but for what it says to pwrite and pread: `answers` in turn, then as it is. */
function kernel(...answers: readonly (number | string)[]): MemoryCalls & { readonly open: () => number } {
  const real = native();
  const left = [...answers];
  let open = 0;
  const partly = (call: (part: Uint8Array) => number, bytes: Uint8Array): number => {
    const answer = left.shift();
    if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer });
    return call(answer === undefined ? bytes : bytes.subarray(0, answer));
  };
  return {
    memfdCreate(name) {
      const descriptor = real.memfdCreate(name);
      open++;
      return {
        get fd() {
          return descriptor.fd;
        },
        close() {
          if (descriptor.fd >= 0) open--;
          descriptor.close();
        },
        take: () => descriptor.take(),
      };
    },
    ftruncate(fd, size) {
      if (left[0] === 'EFBIG') throw Object.assign(new Error('EFBIG'), { code: left.shift() });
      real.ftruncate(fd, size);
    },
    addSeals: (fd, seals) => real.addSeals(fd, seals),
    pwrite: (fd, bytes, offset) => partly((part) => real.pwrite(fd, part, offset), bytes),
    pread: (fd, into, offset) => partly((part) => real.pread(fd, part, offset), into),
    open: () => open,
  };
}

const ROWS = [
  { name: 'all at once', answers: [], expected: 'accepted' },
  { name: 'in parts', answers: [1, 2, 3], expected: 'accepted' },
  { name: 'interrupted, then in parts', answers: ['EINTR', 7, 'EINTR'], expected: 'accepted' },
  { name: 'out of memory at once', answers: ['ENOSPC'], expected: 'HOST_MEMORY' },
  { name: 'out of memory after a part', answers: [8, 'ENOMEM'], expected: 'HOST_MEMORY' },
  { name: 'a kernel that does nothing', answers: [0], expected: 'HOST_MEMORY' },
] as const;

for (const row of ROWS) {
  for (const call of ['write', 'read'] as const) {
    test(`${call}: ${row.name}`, () => {
      const calls = kernel(...row.answers);
      const own = new SharedMemory('test', SIZE, calls);
      if (call === 'read') native().pwrite(own.descriptor.fd, BYTES, 4);
      const run = (): Uint8Array => {
        if (call === 'read') return own.read(4, BYTES.length);
        own.write(4, BYTES);
        return own.read(4, BYTES.length);
      };
      if (row.expected === 'accepted') sameBytes(run(), BYTES);
      else assert.is(codeAndField(run).split(' ')[0], row.expected);
      own.close();
      assert.is(calls.open(), 0);
    });
  }
}

test('a size that the kernel refuses leaves nothing open', () => {
  const calls = kernel('EFBIG');
  assert.is(
    codeAndField(() => new SharedMemory('test', SIZE, calls)),
    'HOST_MEMORY test',
  );
  assert.is(calls.open(), 0);
});

test('a read past the end is an error and not a loop', () => {
  const memory = new SharedMemory('test', SIZE);
  assert.is(
    codeAndField(() => memory.read(SIZE - 1, 2)),
    'HOST_MEMORY pread',
  );
  memory.close();
});

test('a page that is there already is found in a batch of any size', () => {
  // More pages than are looked at in one go.
  const epc = new EpcState(0x10000000n);
  const state = { type: 2, permissions: 3 };
  epc.add(20_000, 1, state);
  assert.throws(() => epc.add(10_000, 20_000, state), new RegExp(`found 0x${(20_000 * 4096).toString(16)}`));
  epc.memory.close();
  const fresh = new EpcState(0x10000000n);
  fresh.add(0, 0x10000, state);
  assert.is(
    codeAndField(() => fresh.add(0xffff, 1, state)),
    'SGX_PAGE_TWICE EADD LINADDR',
  );
  fresh.memory.close();
});

test.run();
