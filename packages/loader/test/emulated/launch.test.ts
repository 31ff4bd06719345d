// SPDX-License-Identifier: Apache-2.0
// Launches a plan and compares every byte, every permission and every page that is not there.
import { MotteError } from '@motte/binary/error';
import { SECS } from '@motte/binary/sgx/secs';
import { TCS } from '@motte/binary/sgx/tcs';
import { bytesSource } from '@motte/binary/source';
import { measureSgx } from '@motte/measure/sgx';
import { secsRun } from '@motte/plan/sgx/secs';
import { NO_BYTES } from '@motte/plan/sources';
import { createSgxKey, signerFromPem } from '@motte/sign/key-node';
import { planSigstruct, signSigstruct } from '@motte/sign/sgx/sign';
import { sameBytes } from '@motte/test-helpers/bytes';
import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emulatedBackend } from '@motte/loader/emulated/enclave';
import { launch } from '@motte/loader/launch';
import { EPC_ENTRIES_OFFSET, EPCM_ENTRY, EPCM_FLAGS } from '@motte/loader/protocol/epc';
import { goodTcs, SIZE } from './fixtures.js';
import type { ByteSource } from '@motte/binary/source';
import type { PageKind, PagePlan, PageRun } from '@motte/plan/plan';

const PAGE = 4096;
const PAGES = Number(SIZE) / PAGE;
const signer = signerFromPem(createSgxKey());

function run(
  at: number,
  pages: number,
  bytes: ByteSource,
  permissions: string,
  measured: boolean,
  kind: PageKind = 'reg',
): PageRun {
  const has = (letter: string): boolean => permissions.includes(letter);
  return {
    address: BigInt(at * PAGE),
    pages,
    kind,
    permissions: { read: has('r'), write: has('w'), execute: has('x') },
    measured,
    bytes,
    source: { file: 'test', section: 'test', offset: 0 },
  };
}

const noise = (length: number): Uint8Array =>
  new Uint8Array(length).map((_, i) => (i * 31 + (i >> 8)) & 0xff);

// Longer than the window that contents are read through, a tail within a page, zeros after it, holes between.
const PLAN: PagePlan = {
  tee: 'sgx',
  size: SIZE,
  runs: [
    secsRun({ size: SIZE, ssaFrameSize: 1, attributes: 0x84n, xfrm: 7n, miscselect: 1 }),
    run(0, 40, bytesSource(noise(37 * PAGE + 11)), 'rx', true),
    run(50, 3, NO_BYTES, 'rw', false),
    run(60, 1, bytesSource(goodTcs()), '', true, 'tcs'),
    run(70, 2, bytesSource(noise(PAGE + 1)), 'r', true),
    run(80, 1, bytesSource(noise(10)), 'rwx', false),
    run(PAGES - 1, 1, bytesSource(noise(1)), 'rw', true),
  ],
};

const measurement = measureSgx(PLAN);
const sigstruct = signSigstruct(
  planSigstruct(PLAN, measurement, { date: 0x20200101, isvprodid: 1, isvsvn: 2 }),
  signer,
);
const INPUT = { sigstruct, configId: new Uint8Array(64).fill(3, 0, 32), base: 0n };

function contents(fd: number): Uint8Array {
  const bytes = new Uint8Array(fstatSync(fd).size);
  for (let at = 0; at < bytes.length;) {
    const got = readSync(fd, bytes, at, bytes.length - at, at);
    assert.ok(got > 0);
    at += got;
  }
  return bytes;
}

test('memory and EPC state are the plan, page by page, and nothing more', () => {
  const ready = launch(PLAN, emulatedBackend(), INPUT);
  try {
    assert.ok(ready.epc !== undefined);
    const expected = new Uint8Array(Number(SIZE));
    const entries = new Uint8Array(PAGES * EPCM_ENTRY.size);
    for (const { address, pages, kind, permissions, bytes } of PLAN.runs.slice(1)) {
      const at = Number(address);
      bytes.read(0, expected.subarray(at, at + bytes.size));
      const { read, write, execute } = permissions;
      const bits = (read ? 1 : 0) + (write ? 2 : 0) + (execute ? 4 : 0);
      const entry = EPCM_ENTRY.write({
        type: kind === 'tcs' ? 1 : 2,
        permissions: bits,
        flags: EPCM_FLAGS.VALID,
      });
      for (let i = 0; i < pages; i++) entries.set(entry, (at / PAGE + i) * EPCM_ENTRY.size);
    }
    sameBytes(contents(ready.memory.fd), expected, 'memory');
    const epc = contents(ready.epc.fd);
    sameBytes(epc.subarray(EPC_ENTRIES_OFFSET), entries, 'EPCM');
    const secs = SECS.readStrict(epc);
    sameBytes(secs.mrenclave, measurement);
    sameBytes(secs.configid, INPUT.configId);
    assert.equal([secs.size, secs.baseaddr, secs.xfrm, secs.isvprodid, secs.isvsvn], [SIZE, 0n, 7n, 1, 2]);
    sameBytes(ready.measurement, measurement);
  } finally {
    ready.close();
  }
});

test('what is not in the plan takes no memory', () => {
  const ready = launch(PLAN, emulatedBackend(), INPUT);
  const added = 38 + 1 + 2 + 1 + 1;
  // Contents alone are allocated; pages of zeros, like guard pages, are holes.
  assert.ok(fstatSync(ready.memory.fd).blocks * 512 <= (added + 2) * PAGE);
  ready.close();
});

test('the descriptors have a fixed size and are closed with the enclave', () => {
  const ready = launch(PLAN, emulatedBackend(), INPUT);
  const { fd } = ready.memory;
  assert.throws(() => writeSync(fd, new Uint8Array(1), 0, 1, Number(SIZE)), /EPERM|EFBIG/);
  ready.close();
  assert.is(ready.memory.fd, -1);
  assert.throws(() => closeSync(fd), /EBADF/);
});

const WRONG = [
  {
    name: 'a byte of a measured page',
    plan: {
      ...PLAN,
      runs: PLAN.runs.map((r, i) => (i === 4 ? { ...r, bytes: bytesSource(noise(PAGE + 2)) } : r)),
    },
    expected: 'SGX_INVALID_MEASUREMENT',
  },
  {
    name: 'a permission',
    plan: {
      ...PLAN,
      runs: PLAN.runs.map((r, i) =>
        i === 2 ? { ...r, permissions: { ...r.permissions, execute: true } } : r,
      ),
    },
    expected: 'SGX_INVALID_MEASUREMENT',
  },
  {
    name: 'the order of two runs',
    plan: { ...PLAN, runs: [0, 1, 3, 2, 4, 5, 6].flatMap((i) => PLAN.runs[i] ?? []) },
    expected: 'SGX_INVALID_MEASUREMENT',
  },
  {
    name: 'a page left out',
    plan: { ...PLAN, runs: PLAN.runs.slice(0, -1) },
    expected: 'SGX_INVALID_MEASUREMENT',
  },
  {
    name: 'an unmeasured byte',
    plan: { ...PLAN, runs: PLAN.runs.map((r, i) => (i === 5 ? { ...r, bytes: bytesSource(noise(11)) } : r)) },
    expected: 'accepted',
  },
  {
    name: 'the size',
    plan: {
      ...PLAN,
      size: 2n * SIZE,
      runs: [
        secsRun({ size: 2n * SIZE, ssaFrameSize: 1, attributes: 0x84n, xfrm: 7n, miscselect: 1 }),
        ...PLAN.runs.slice(1),
      ],
    },
    expected: 'SGX_INVALID_MEASUREMENT',
  },
  {
    name: 'DEBUG',
    plan: {
      ...PLAN,
      runs: [
        secsRun({ size: SIZE, ssaFrameSize: 1, attributes: 0x86n, xfrm: 7n, miscselect: 1 }),
        ...PLAN.runs.slice(1),
      ],
    },
    expected: 'SGX_INVALID_ATTRIBUTE',
  },
] as const;

for (const row of WRONG) {
  test(`a launch that differs from what was signed: ${row.name}`, () => {
    const found = ((): string => {
      try {
        launch(row.plan, emulatedBackend(), INPUT).close();
        return 'accepted';
      } catch (error) {
        if (error instanceof MotteError) return error.code;
        throw error;
      }
    })();
    assert.is(found, row.expected);
  });
}

test('a TCS is measured as the CPU keeps it: CSSA cleared, whatever the loader handed over', () => {
  const dirty = TCS.write({ ...TCS.read(goodTcs()), cssa: 1 });
  const plan = {
    ...PLAN,
    runs: PLAN.runs.map((r, i) => (i === 3 ? { ...r, bytes: bytesSource(dirty) } : r)),
  };
  // The plan's own digest hashes the byte; the CPU clears it, and finds the measurement of the clean one.
  const ready = launch(plan, emulatedBackend(), INPUT);
  sameBytes(ready.measurement, measurement);
  assert.not.equal(measureSgx(plan), measurement);
  ready.close();
});

test.run();
