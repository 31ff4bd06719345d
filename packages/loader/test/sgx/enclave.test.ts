// SPDX-License-Identifier: Apache-2.0
// The launch on hardware against a driver that the test plays: every byte, permission and order that reaches the
// ioctls, whole and in parts.
import { MotteError } from '@motte/binary/error';
import { SECINFO } from '@motte/binary/sgx/secinfo';
import { SECS } from '@motte/binary/sgx/secs';
import { SIGSTRUCT } from '@motte/binary/sgx/sigstruct';
import { bytesSource } from '@motte/binary/source';
import { secsRun } from '@motte/plan/sgx/secs';
import { sameBytes } from '@motte/test-helpers/bytes';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { launch } from '@motte/loader/launch';
import { hardwareBackend, hardwareBase } from '@motte/loader/sgx/enclave';
import { FakeDriver } from './driver.js';
import type { PagePlan, PageRun } from '@motte/plan/plan';

const PAGE = 4096;
const SIZE = 0x1000000n;

function run(
  address: number,
  pages: number,
  bytes: Uint8Array,
  permissions: string,
  measured: boolean,
): PageRun {
  return {
    address: BigInt(address),
    pages,
    kind: 'reg',
    permissions: {
      read: permissions.includes('r'),
      write: permissions.includes('w'),
      execute: permissions.includes('x'),
    },
    measured,
    bytes: bytesSource(bytes),
    source: { file: 'test', section: 'test', offset: 0 },
  };
}

const CODE = new Uint8Array(70 * PAGE + 100).map((_, i) => (i * 7 + (i >> 12)) & 0xff);

const PLAN: PagePlan = {
  tee: 'sgx',
  size: SIZE,
  runs: [
    secsRun({ size: SIZE, ssaFrameSize: 1 }),
    run(0, 71, CODE, 'rx', true),
    run(0x100000, 300, new Uint8Array(0), 'rw', false),
    run(0x300000, 1, new Uint8Array([1, 2, 3]), 'r', true),
  ],
};
const SIGNED = SIGSTRUCT.write({ enclavehash: new Uint8Array(32).fill(9) });
const INPUT = {
  sigstruct: SIGNED,
  configId: new Uint8Array(64).fill(5),
  base: hardwareBase(SIZE),
};

function expectedPages(): Map<number, { bytes: Uint8Array; flags: bigint; measure: boolean }> {
  const pages = new Map<number, { bytes: Uint8Array; flags: bigint; measure: boolean }>();
  const put = (at: number, bytes: Uint8Array, flags: bigint, measure: boolean): void => {
    const page = new Uint8Array(PAGE);
    page.set(bytes);
    pages.set(at, { bytes: page, flags, measure });
  };
  for (let i = 0; i < 71; i++) put(i * PAGE, CODE.subarray(i * PAGE, (i + 1) * PAGE), 0x205n, true);
  for (let i = 0; i < 300; i++) put(0x100000 + i * PAGE, new Uint8Array(0), 0x203n, false);
  put(0x300000, new Uint8Array([1, 2, 3]), 0x201n, true);
  return pages;
}

const ROWS = [
  { name: 'a driver that does all at once', most: Infinity, interrupt: 0 },
  { name: 'a driver that does one page a call', most: 1, interrupt: 0 },
  { name: 'a driver that does 13 pages a call', most: 13, interrupt: 0 },
  { name: 'a driver that is interrupted every third call', most: 5, interrupt: 3 },
];

for (const row of ROWS) {
  test(`hardware launch: ${row.name}`, () => {
    const driver = new FakeDriver(row);
    const enclave = launch(PLAN, hardwareBackend(driver), INPUT);
    const secs = SECS.read(driver.secs ?? new Uint8Array(0));
    assert.equal([secs.size, secs.baseaddr, secs.ssaframesize], [SIZE, 0x100000000000n, 1]);
    sameBytes(secs.configid, INPUT.configId);
    const expected = expectedPages();
    assert.equal([...driver.pages.keys()], [...expected.keys()]);
    for (const [at, want] of expected) {
      const got = driver.pages.get(at);
      assert.ok(got !== undefined);
      sameBytes(got.bytes, want.bytes, `page 0x${at.toString(16)}`);
      assert.is(SECINFO.readStrict(got.secinfo).flags, want.flags);
      assert.is(got.measure, want.measure);
    }
    sameBytes(driver.sigstruct ?? new Uint8Array(0), SIGNED);
    sameBytes(enclave.measurement, new Uint8Array(32).fill(9));
    assert.is(driver.descriptors, 1);
    enclave.close();
    assert.is(driver.descriptors, 0);
    assert.is(driver.mapped, 0);
  });
}

const FAILURES = [
  { name: 'no device', fail: { open: 'ENOENT' }, code: 'SGX_DRIVER', text: /SGX turned off/ },
  { name: 'not permitted', fail: { open: 'EACCES' }, code: 'SGX_DRIVER', text: /usermod/ },
  { name: 'ECREATE refused', fail: { create: 'EINVAL' }, code: 'SGX_DRIVER', text: /SECS/ },
  { name: 'no EPC for the SECS', fail: { create: 'ENOMEM' }, code: 'SGX_EPC_EXHAUSTED', text: /less memory/ },
  {
    name: 'no EPC for page 100',
    fail: { addAt: 100, add: 'ENOMEM' },
    code: 'SGX_EPC_EXHAUSTED',
    text: /less memory/,
  },
  { name: 'EPC lost to sleep', fail: { addAt: 3, add: 'EIO' }, code: 'SGX_EPC_LOST', text: /slept/ },
  { name: 'EINIT refused', fail: { init: 'EPERM' }, code: 'SGX_DRIVER', text: /SIGSTRUCT/ },
  {
    name: 'EINIT refused by an old driver',
    fail: { initResult: 4 },
    code: 'SGX_INVALID_MEASUREMENT',
    text: /EINIT/,
  },
  { name: 'EINIT with an unknown code', fail: { initResult: 77 }, code: 'SGX_DRIVER', text: /77/ },
] as const;

for (const row of FAILURES) {
  test(`hardware launch fails: ${row.name}; nothing stays open`, () => {
    const driver = new FakeDriver({ most: 7, interrupt: 0, fail: row.fail });
    assert.throws(
      () => launch(PLAN, hardwareBackend(driver), INPUT),
      (error: unknown) => {
        assert.ok(error instanceof MotteError);
        assert.is(error.code, row.code);
        assert.match(error.message, row.text);
        return true;
      },
    );
    assert.equal([driver.descriptors, driver.mapped], [0, 0]);
  });
}

test('the base is aligned to any size that a plan can have', () => {
  for (let log = 13n; log <= 46n; log++) {
    const base = hardwareBase(1n << log);
    assert.is(base % (1n << log), 0n);
    assert.ok(base >= 0x100000000000n && base + (1n << log) <= 1n << 47n);
  }
});

test.run();
