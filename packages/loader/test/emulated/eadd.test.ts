// SPDX-License-Identifier: Apache-2.0
import { SECINFO } from '@motte/binary/sgx/secinfo';
import { TCS } from '@motte/binary/sgx/tcs';
import { codeAndField } from '@motte/test-helpers/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emulatedBackend } from '@motte/loader/emulated/enclave';
import { goodSecs, goodTcs, secinfo, SIZE } from './fixtures.js';
import type { PageBatch } from '@motte/loader/backend';

const PAGE = 4096;
const RW = secinfo(0x203n);
const TCS_PAGE = secinfo(0x100n);
const end = Number(SIZE);

function withTcs(change: Parameters<typeof TCS.write>[0]): Uint8Array {
  return TCS.write({ ...TCS.read(goodTcs()), ...change });
}

interface Row {
  readonly name: string;
  readonly batch: Partial<PageBatch>;
  readonly expected: string;
}

const ROWS: readonly Row[] = [
  { name: 'a page', batch: {}, expected: 'accepted' },
  { name: 'the last page', batch: { offset: end - PAGE }, expected: 'accepted' },
  { name: 'a page past the end', batch: { offset: end }, expected: 'SGX_GP EADD LINADDR' },
  {
    name: 'two pages, the second past the end',
    batch: { offset: end - PAGE, pages: 2 },
    expected: 'SGX_GP EADD LINADDR',
  },
  { name: 'a page that is not aligned', batch: { offset: 0x1800 }, expected: 'SGX_GP EADD LINADDR' },
  { name: 'a page before the base', batch: { offset: -PAGE }, expected: 'SGX_GP EADD LINADDR' },
  { name: 'no page', batch: { pages: 0 }, expected: 'SGX_GP EADD LINADDR' },
  { name: 'pages past 2^53', batch: { pages: 2 ** 60 }, expected: 'SGX_GP EADD LINADDR' },
  { name: 'a place that is no number', batch: { offset: Number.NaN }, expected: 'SGX_GP EADD LINADDR' },
  { name: 'half a page of contents', batch: { bytes: new Uint8Array(100) }, expected: 'SGX_GP EADD SRCPGE' },
  { name: 'R', batch: { secinfo: secinfo(0x201n) }, expected: 'accepted' },
  { name: 'RX', batch: { secinfo: secinfo(0x205n) }, expected: 'accepted' },
  { name: 'RWX', batch: { secinfo: secinfo(0x207n) }, expected: 'accepted' },
  { name: 'X alone', batch: { secinfo: secinfo(0x204n) }, expected: 'accepted' },
  { name: 'no permission', batch: { secinfo: secinfo(0x200n) }, expected: 'accepted' },
  { name: 'W without R', batch: { secinfo: secinfo(0x202n) }, expected: 'SGX_GP EADD SECINFO.FLAGS' },
  { name: 'WX without R', batch: { secinfo: secinfo(0x206n) }, expected: 'SGX_GP EADD SECINFO.FLAGS' },
  { name: 'PENDING', batch: { secinfo: secinfo(0x20bn) }, expected: 'SGX_GP EADD SECINFO.FLAGS' },
  { name: 'MODIFIED', batch: { secinfo: secinfo(0x213n) }, expected: 'SGX_GP EADD SECINFO.FLAGS' },
  { name: 'PR', batch: { secinfo: secinfo(0x223n) }, expected: 'SGX_GP EADD SECINFO.FLAGS' },
  { name: 'bit 16', batch: { secinfo: secinfo(0x10203n) }, expected: 'SGX_GP EADD SECINFO.FLAGS' },
  {
    name: 'page type SECS',
    batch: { secinfo: secinfo(0x003n) },
    expected: 'SGX_GP EADD SECINFO.FLAGS.PAGE_TYPE',
  },
  {
    name: 'page type VA',
    batch: { secinfo: secinfo(0x300n) },
    expected: 'SGX_GP EADD SECINFO.FLAGS.PAGE_TYPE',
  },
  {
    name: 'page type TRIM',
    batch: { secinfo: secinfo(0x400n) },
    expected: 'SGX_GP EADD SECINFO.FLAGS.PAGE_TYPE',
  },
  {
    name: 'a reserved byte of SECINFO',
    batch: { secinfo: SECINFO.write({ flags: 0x203n, reserved_008: new Uint8Array(56).fill(1, 55) }) },
    expected: 'SGX_GP EADD SECINFO.reserved_008',
  },
  { name: 'a TCS', batch: { secinfo: TCS_PAGE, bytes: goodTcs() }, expected: 'accepted' },
  {
    name: 'a TCS that may be read',
    batch: { secinfo: secinfo(0x101n), bytes: goodTcs() },
    expected: 'SGX_GP EADD SECINFO.FLAGS',
  },
  {
    name: 'a TCS whose last byte is set',
    batch: { secinfo: TCS_PAGE, bytes: goodTcs().fill(1, PAGE - 1) },
    expected: 'SGX_GP EADD TCS.reserved_058',
  },
  {
    name: 'TCS.FLAGS.DBGOPTIN',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ flags: 1n }) },
    expected: 'accepted',
  },
  {
    name: 'TCS.FLAGS.AEXNOTIFY',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ flags: 2n }) },
    expected: 'SGX_GP EADD TCS.FLAGS',
  },
  {
    name: 'TCS.FLAGS bit 63',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ flags: 1n << 63n }) },
    expected: 'SGX_GP EADD TCS.FLAGS',
  },
  {
    name: 'TCS.FSLIMIT 0x1000',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ fslimit: 0x1000 }) },
    expected: 'SGX_GP EADD TCS.FSLIMIT',
  },
  {
    name: 'TCS.GSLIMIT 0',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ gslimit: 0 }) },
    expected: 'SGX_GP EADD TCS.GSLIMIT',
  },
  {
    name: 'TCS.FSLIMIT 0xffffffff',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ fslimit: 0xffffffff }) },
    expected: 'accepted',
  },
  {
    name: 'TCS.OSSA within a page',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ ossa: 0x2010n }) },
    expected: 'SGX_GP EADD TCS.OSSA',
  },
  {
    name: 'TCS.OSSA past the end',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ ossa: SIZE }) },
    expected: 'SGX_GP EADD TCS.OSSA',
  },
  {
    name: 'SSA frames up to the end',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ ossa: SIZE - 0x2000n }) },
    expected: 'accepted',
  },
  {
    name: 'SSA frames that pass the end',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ ossa: SIZE - 0x1000n }) },
    expected: 'SGX_GP EADD TCS.NSSA',
  },
  {
    name: 'TCS.NSSA 0',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ nssa: 0 }) },
    expected: 'SGX_GP EADD TCS.NSSA',
  },
  {
    name: 'TCS.OFSBASE within a page',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ ofsbase: 8n }) },
    expected: 'SGX_GP EADD TCS.OFSBASE',
  },
  {
    name: 'TCS.OGSBASE within a page',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ ogsbase: 8n }) },
    expected: 'SGX_GP EADD TCS.OGSBASE',
  },
  {
    name: 'TCS.OCETSSA',
    batch: { secinfo: TCS_PAGE, bytes: withTcs({ ocetssa: 0x1000n }) },
    expected: 'SGX_GP EADD TCS.OCETSSA, PREVSSP',
  },
];

for (const row of ROWS) {
  test(`EADD: ${row.name}`, () => {
    const enclave = emulatedBackend().create(goodSecs());
    try {
      const batch: PageBatch = { offset: 0, pages: 1, secinfo: RW, measure: true, ...row.batch };
      assert.is(
        codeAndField(() => enclave.addPages(batch)),
        row.expected,
      );
    } finally {
      enclave.abandon();
    }
  });
}

const TWICE = [
  { name: 'the same page', first: [0x3000, 1], second: [0x3000, 1], at: 0x3000n },
  { name: 'the last page of a batch', first: [0x3000, 4], second: [0x6000, 1], at: 0x6000n },
  { name: 'a batch over a page', first: [0x5000, 1], second: [0x3000, 8], at: 0x5000n },
] as const;

for (const row of TWICE) {
  test(`EADD twice: ${row.name}`, () => {
    const enclave = emulatedBackend().create(goodSecs());
    try {
      const add = ([offset, pages]: readonly [number, number]): void =>
        enclave.addPages({ offset, pages, secinfo: RW, measure: false });
      add(row.first);
      assert.throws(() => add(row.second), new RegExp(`found 0x${row.at.toString(16)}`));
      assert.is(
        codeAndField(() => add(row.second)),
        'SGX_PAGE_TWICE EADD LINADDR',
      );
    } finally {
      enclave.abandon();
    }
  });
}

test.run();
