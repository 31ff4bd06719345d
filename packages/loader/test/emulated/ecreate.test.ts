// SPDX-License-Identifier: Apache-2.0
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import { SECS } from '@motte/binary/sgx/secs';
import { codeAndField } from '@motte/test-helpers/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EMULATED_CPU } from '@motte/loader/emulated/cpu';
import { ecreate } from '@motte/loader/emulated/ecreate';
import { goodSecs } from './fixtures.js';
import type { Secs } from '@motte/loader/emulated/ecreate';

const { DEBUG, MODE64BIT, KSS, INIT, PROVISIONKEY, EINITTOKENKEY, CET, AEXNOTIFY } = ATTRIBUTES;
const CONFIGID = new Uint8Array(64).fill(7);

interface Row {
  readonly name: string;
  readonly change: Partial<Secs>;
  readonly expected: string;
}

const ROWS: readonly Row[] = [
  { name: 'the good SECS', change: {}, expected: 'accepted' },
  { name: 'DEBUG', change: { attributes: MODE64BIT | KSS | DEBUG }, expected: 'accepted' },
  { name: 'a base that is a multiple of SIZE', change: { baseaddr: 0x7f0000000000n }, expected: 'accepted' },
  { name: 'SIZE no power of two', change: { size: 0x300000n }, expected: 'SGX_GP ECREATE SECS.SIZE' },
  { name: 'SIZE of one page', change: { size: 0x1000n }, expected: 'SGX_GP ECREATE SECS.SIZE' },
  { name: 'SIZE of two pages', change: { size: 0x2000n }, expected: 'accepted' },
  { name: 'SIZE 0', change: { size: 0n }, expected: 'SGX_GP ECREATE SECS.SIZE' },
  {
    name: 'the largest SIZE, as high as there is room',
    change: { size: 1n << 46n, baseaddr: 1n << 46n },
    expected: 'accepted',
  },
  { name: "SIZE past the CPU's", change: { size: 1n << 47n }, expected: 'SGX_GP ECREATE SECS.SIZE' },
  {
    name: 'a base that is no multiple of SIZE',
    change: { baseaddr: 0x1000n },
    expected: 'SGX_GP ECREATE SECS.BASEADDR',
  },
  {
    name: "a kernel's address",
    change: { baseaddr: 0x800000000000n },
    expected: 'SGX_GP ECREATE SECS.BASEADDR',
  },
  {
    name: 'SSA frames of no page',
    change: { ssaframesize: 0 },
    expected: 'SGX_GP ECREATE SECS.SSAFRAMESIZE',
  },
  {
    // 2688 bytes of XSAVE, 24 of EXINFO and 184 of GPRSGX fit one page.
    name: 'AVX-512 in one page',
    change: { xfrm: 0xe7n },
    expected: 'accepted',
  },
  { name: 'XFRM without SSE', change: { xfrm: 1n }, expected: 'SGX_GP ECREATE SECS.XFRM' },
  { name: 'XFRM 0', change: { xfrm: 0n }, expected: 'SGX_GP ECREATE SECS.XFRM' },
  { name: 'a part of AVX-512', change: { xfrm: 0x27n }, expected: 'SGX_GP ECREATE SECS.XFRM' },
  { name: 'AVX-512 without AVX', change: { xfrm: 0xe3n }, expected: 'SGX_GP ECREATE SECS.XFRM' },
  {
    name: 'state that the CPU does not have',
    change: { xfrm: 0x60007n },
    expected: 'SGX_GP ECREATE SECS.XFRM',
  },
  { name: 'MISCSELECT 2', change: { miscselect: 2 }, expected: 'SGX_GP ECREATE SECS.MISCSELECT' },
  { name: 'MISCSELECT 0', change: { miscselect: 0 }, expected: 'accepted' },
  { name: '32-bit mode', change: { attributes: KSS }, expected: 'SGX_GP ECREATE SECS.ATTRIBUTES' },
  {
    name: 'INIT',
    change: { attributes: MODE64BIT | KSS | INIT },
    expected: 'SGX_GP ECREATE SECS.ATTRIBUTES',
  },
  {
    name: 'PROVISIONKEY',
    change: { attributes: MODE64BIT | KSS | PROVISIONKEY },
    expected: 'SGX_GP ECREATE SECS.ATTRIBUTES',
  },
  {
    name: 'EINITTOKENKEY',
    change: { attributes: MODE64BIT | KSS | EINITTOKENKEY },
    expected: 'SGX_GP ECREATE SECS.ATTRIBUTES',
  },
  { name: 'CET', change: { attributes: MODE64BIT | KSS | CET }, expected: 'SGX_GP ECREATE SECS.ATTRIBUTES' },
  {
    name: 'AEXNOTIFY',
    change: { attributes: MODE64BIT | KSS | AEXNOTIFY },
    expected: 'SGX_GP ECREATE SECS.ATTRIBUTES',
  },
  {
    name: 'CET_LEG_BITMAP_OFFSET',
    change: { cet_leg_bitmap_offset: 0x1000n },
    expected: 'SGX_GP ECREATE SECS.CET_ATTRIBUTES',
  },
  { name: 'CET_ATTRIBUTES', change: { cet_attributes: 1 }, expected: 'SGX_GP ECREATE SECS.CET_ATTRIBUTES' },
  { name: 'CONFIGID with KSS', change: { configid: CONFIGID }, expected: 'accepted' },
  {
    name: 'CONFIGID without KSS',
    change: { attributes: MODE64BIT, configid: CONFIGID },
    expected: 'SGX_GP ECREATE SECS.CONFIGID',
  },
  {
    name: 'CONFIGSVN without KSS',
    change: { attributes: MODE64BIT, configsvn: 1, configid: new Uint8Array(64) },
    expected: 'SGX_GP ECREATE SECS.CONFIGID',
  },
];

for (const row of ROWS) {
  test(`ECREATE: ${row.name}`, () => {
    const bytes = SECS.write({ ...SECS.read(goodSecs()), ...row.change });
    assert.is(
      codeAndField(() => ecreate(bytes, EMULATED_CPU)),
      row.expected,
    );
  });
}

test('ECREATE: one flipped byte in each reserved range', () => {
  const reserved = SECS.fields.filter(({ name }) => name.startsWith('reserved_'));
  assert.ok(reserved.length > 0);
  for (const { at, name } of reserved) {
    const bytes = goodSecs();
    bytes[at] = 1;
    assert.is(
      codeAndField(() => ecreate(bytes, EMULATED_CPU)),
      `SGX_GP ECREATE SECS.${name}`,
    );
  }
});

test('ECREATE: SSA frames must hold what a CPU with AMX saves', () => {
  const cpu = { ...EMULATED_CPU, xfrm: 0x602e7n };
  const frames = (ssaframesize: number): string =>
    codeAndField(() => ecreate(SECS.write({ ...SECS.read(goodSecs()), xfrm: 0x602e7n, ssaframesize }), cpu));
  // 11008 + 24 + 184 bytes: three pages, not two.
  assert.is(frames(2), 'SGX_GP ECREATE SECS.SSAFRAMESIZE');
  assert.is(frames(3), 'accepted');
});

test.run();
