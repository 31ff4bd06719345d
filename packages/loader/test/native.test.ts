// SPDX-License-Identifier: Apache-2.0
// The addon: each function does one thing, says by name what failed, and touches nothing outside what it was given.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { native, SEAL_SIZE, systemCode } from '@motte/loader/native';
import type { Descriptor } from '@motte/loader/native';

const addon = native();
const PAGE = 4096;

function memory(size: number): Descriptor {
  const descriptor = addon.memfdCreate('test');
  addon.ftruncate(descriptor.fd, size);
  return descriptor;
}

interface Row {
  readonly name: string;
  readonly run: () => unknown;
  /** `CODE call`, or words of the TypeError or RangeError. */
  readonly expected: string | RegExp;
}

const held = memory(2 * PAGE);
addon.addSeals(held.fd, SEAL_SIZE);
const sealed = held.fd;
const mapping = addon.map(PAGE);
const secinfo = new Uint8Array(64);
const add = (from: number, length: number, info: Uint8Array = secinfo): unknown =>
  addon.sgxAddPages(sealed, mapping, from, 0, length, info, true);

const ROWS: readonly Row[] = [
  { name: 'open what is not there', run: () => addon.open('/dev/none'), expected: 'ENOENT open' },
  { name: 'grow a sealed memfd', run: () => addon.ftruncate(sealed, 3 * PAGE), expected: 'EPERM ftruncate' },
  { name: 'shrink a sealed memfd', run: () => addon.ftruncate(sealed, PAGE), expected: 'EPERM ftruncate' },
  {
    name: 'write past a sealed memfd',
    run: () => addon.pwrite(sealed, new Uint8Array(1), 2 * PAGE),
    expected: 'EPERM pwrite',
  },
  { name: 'a descriptor that is none', run: () => addon.ftruncate(-1, 0), expected: 'EBADF ftruncate' },
  {
    name: 'a capability of what is no KVM',
    run: () => addon.kvmCheckExtension(sealed, 235),
    expected: 'ENOTTY ioctl KVM_CHECK_EXTENSION',
  },
  {
    name: 'firmware behind what is none',
    run: () => addon.sevCommand(sealed, 9, new Uint8Array(32)),
    expected: 'ENOTTY ioctl SEV_ISSUE_CMD',
  },
  {
    name: 'an answer longer than any',
    run: () => addon.sevCommand(sealed, 9, new Uint8Array(4097)),
    expected: /too long/,
  },
  { name: 'a negative length', run: () => addon.ftruncate(sealed, -1), expected: /no length/ },
  {
    name: 'a length that is no number',
    run: () => addon.ftruncate(sealed, Number.NaN),
    expected: /no length/,
  },
  { name: 'a length past 2^53', run: () => addon.ftruncate(sealed, 2 ** 60), expected: /no length/ },
  { name: 'map more than there is', run: () => addon.map(2 ** 52), expected: 'ENOMEM mmap' },
  {
    name: 'an array of another kind',
    run: () => addon.pwrite(sealed, new Uint16Array(2) as unknown as Uint8Array, 0),
    expected: /no Uint8Array/,
  },
  {
    name: 'write past a mapping',
    run: () => mapping.write(PAGE - 1, new Uint8Array(2)),
    expected: /outside the mapping/,
  },
  {
    name: 'read past a mapping',
    run: () => mapping.read(PAGE, new Uint8Array(1)),
    expected: /outside the mapping/,
  },
  {
    name: 'an offset that overflows',
    run: () => mapping.read(Number.MAX_SAFE_INTEGER, new Uint8Array(1)),
    expected: /outside the mapping/,
  },
  {
    name: 'ECREATE on a memfd',
    run: () => addon.sgxCreate(sealed, new Uint8Array(PAGE)),
    expected: 'ENOTTY ioctl SGX_IOC_ENCLAVE_CREATE',
  },
  {
    name: 'a SECS of another size',
    run: () => addon.sgxCreate(sealed, new Uint8Array(1)),
    expected: /not 4096 bytes/,
  },
  {
    name: 'EINIT on a memfd',
    run: () => addon.sgxInit(sealed, new Uint8Array(1808)),
    expected: 'ENOTTY ioctl SGX_IOC_ENCLAVE_INIT',
  },
  { name: 'pages past the mapping', run: () => add(0, 2 * PAGE), expected: /outside the mapping/ },
  {
    name: 'a SECINFO of another size',
    run: () => add(0, PAGE, new Uint8Array(63)),
    expected: /not 64 bytes/,
  },
  {
    name: 'pages of something that is no mapping',
    run: () => addon.sgxAddPages(sealed, held as never, 0, 0, PAGE, secinfo, true),
    expected: /no Mapping/,
  },
];

for (const row of ROWS) {
  test(`addon: ${row.name}`, () => {
    try {
      row.run();
    } catch (error) {
      assert.ok(error instanceof Error);
      if (typeof row.expected !== 'string') assert.match(error.message, row.expected);
      else assert.is(`${systemCode(error)} ${(error as Error & { syscall?: string }).syscall}`, row.expected);
      return;
    }
    assert.unreachable('it should have failed');
  });
}

test('addon: an ioctl that stops in the middle says how far it came', () => {
  assert.equal(add(0, PAGE), { count: 0, code: 'ENOTTY' });
});

test('addon: a descriptor is closed once, and a taken one is not closed', () => {
  const first = memory(PAGE);
  const number = first.take();
  first.close();
  assert.is(addon.pwrite(number, new Uint8Array([7]), 0), 1);
  const into = new Uint8Array(1);
  assert.is(addon.pread(number, into, 0), 1);
  assert.is(into[0], 7);
  assert.is(first.fd, -1);
  const [a, b] = addon.socketpair();
  assert.ok(a.fd > 2 && b.fd > 2 && a.fd !== b.fd);
  a.close();
  a.close();
  b.close();
});

test('addon: a mapping holds what was written, and nothing after unmap', () => {
  const own = addon.map(PAGE);
  const into = new Uint8Array(4);
  own.read(0, into);
  assert.equal([...into], [0, 0, 0, 0]);
  own.write(PAGE - 4, new Uint8Array([1, 2, 3, 4]));
  own.read(PAGE - 4, into);
  assert.equal([...into], [1, 2, 3, 4]);
  own.unmap();
  own.unmap();
  assert.throws(() => own.read(0, into), /outside the mapping/);
});

test('addon: it can be asked from a worker too, each with its own classes', async () => {
  const { Worker } = await import('node:worker_threads');
  const path = new URL('../src/native.js', import.meta.url).href;
  const code = `import(${JSON.stringify(path)}).then(({ native }) => {
    const m = native().map(4096);
    m.write(0, new Uint8Array([9]));
    m.unmap();
    const d = native().memfdCreate('worker');
    d.close();
    require('node:worker_threads').parentPort.postMessage(d.fd);
  })`;
  const worker = new Worker(code, { eval: true });
  const fd = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  assert.is(fd, -1);
  await worker.terminate();
});

test.run();
