// SPDX-License-Identifier: Apache-2.0
// What EENTER and ERESUME refuse, in the CPU's words.
import { EPCM_FLAGS } from '@motte/loader/protocol/epc';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assemble, runEnclave, TCS_AT } from '../support/enclave.js';
import type { Special } from '../support/enclave.js';

const GP = 13;
const PF = 14;
const VALID = EPCM_FLAGS.VALID;
const tcsPage = TCS_AT / 0x1000;

interface Refusal {
  readonly name: string;
  readonly change: Special;
  readonly vector: number;
  readonly text: RegExp;
}

const REFUSALS: readonly Refusal[] = [
  { name: 'CSSA', change: { tcs: { cssa: 2 } }, vector: GP, text: /EENTER: TCS.CSSA 2 >= TCS.NSSA 2/ },
  { name: 'NSSA', change: { tcs: { nssa: 0 } }, vector: GP, text: /EENTER: TCS.CSSA 0 >= TCS.NSSA 0/ },
  { name: 'a busy TCS', change: { tcs: { stage: 1n } }, vector: GP, text: /TCS is busy/ },
  {
    name: 'OSSA',
    change: { tcs: { ossa: 0x50800n } },
    vector: GP,
    text: /TCS.OSSA 0x50800 is not page aligned/,
  },
  { name: 'OFSBASE', change: { tcs: { ofsbase: 8n } }, vector: GP, text: /TCS.OFSBASE 0x8/ },
  { name: 'OGSBASE', change: { tcs: { ogsbase: 16n } }, vector: GP, text: /TCS.OGSBASE 0x10/ },
  { name: 'FSLIMIT', change: { tcs: { fslimit: 0 } }, vector: GP, text: /TCS.FSLIMIT 0x0/ },
  { name: 'GSLIMIT', change: { tcs: { gslimit: 0x7ff } }, vector: GP, text: /TCS.GSLIMIT 0x7ff/ },
  { name: 'FLAGS', change: { tcs: { flags: 4n } }, vector: GP, text: /TCS.FLAGS 0x4 has reserved bits/ },
  {
    name: 'DBGOPTIN',
    change: { tcs: { flags: 1n } },
    vector: GP,
    text: /DBGOPTIN without SECS.ATTRIBUTES.DEBUG/,
  },
  {
    name: 'OENTRY',
    change: { tcs: { oentry: 0x8000_0000_0000_0000n } },
    vector: GP,
    text: /entry point 0x8000[0-9a-f]+ is not canonical/,
  },
  {
    name: 'SSA outside the ELRANGE',
    change: { tcs: { ossa: 0x100000n } },
    vector: GP,
    text: /SSA frame 0 lies outside the ELRANGE/,
  },
  {
    name: 'SSA on a page that is not there',
    change: { tcs: { ossa: 0x70000n } },
    vector: PF,
    text: /SSA page at offset 0x70000/,
  },
  {
    name: 'SSA on a page of code',
    change: { tcs: { ossa: 0x1000n } },
    vector: PF,
    text: /SSA page at offset 0x1000/,
  },
  {
    name: 'EPCM: no page',
    change: { epcm: { [tcsPage]: {} } },
    vector: PF,
    text: /TCS page: EPCM.VALID = 0/,
  },
  {
    name: 'EPCM: not a TCS',
    change: { epcm: { [tcsPage]: { type: 2, permissions: 3, flags: VALID } } },
    vector: PF,
    text: /EPCM.PT is 2, not PT_TCS \(1\)/,
  },
  {
    name: 'EPCM: a TCS that waits for EACCEPT',
    change: { epcm: { [tcsPage]: { type: 1, flags: VALID | EPCM_FLAGS.MODIFIED } } },
    vector: PF,
    text: /TCS page: EPCM flags 0x5/,
  },
  {
    name: 'no EINIT',
    change: { secs: { attributes: 0x84n } },
    vector: GP,
    text: /INIT = 0: no EINIT has been/,
  },
  { name: '32-bit enclave', change: { secs: { attributes: 0x81n } }, vector: GP, text: /MODE64BIT = 0/ },
  {
    name: 'XFRM',
    change: { secs: { xfrm: 0x4000_0000_0000_0003n } },
    vector: GP,
    text: /SECS.XFRM 0x4000000000000003/,
  },
];

/** The handler spoils the frame that ERESUME reads. */
const SPOILS = [
  {
    name: 'XSTATE_BV outside XFRM',
    spoil: 'movq $0x27, SSA+512(%rip)',
    text: /XSTATE_BV 0x27 is not within XFRM 0x7/,
  },
  { name: 'XCOMP_BV', spoil: 'movq $1, SSA+520(%rip)', text: /XSAVE header has reserved bytes/ },
  {
    name: 'reserved byte of the XSAVE header',
    spoil: 'movb $1, SSA+560(%rip)',
    text: /XSAVE header has reserved bytes/,
  },
  { name: 'MXCSR', spoil: 'movl $0x80001f80, SSA+24(%rip)', text: /MXCSR 0x80001f80 has reserved bits/ },
  {
    name: 'RIP',
    spoil: 'mov $0x8000000000000000, %rax\n\tmov %rax, SSA_RIP(%rip)',
    text: /RIP 0x8000000000000000 is not canonical/,
  },
];

const code = assemble([
  { body: 'EXIT 0' },
  ...SPOILS.map(({ spoil }) => ({ body: 'ud2', handler: `${spoil}\n\tLEAVE 2, 0` })),
  { body: 'LEAVE 2, 0' },
]);

for (const { name, change, vector, text } of REFUSALS) {
  test(`EENTER refuses: ${name}`, async () => {
    const ran = await runEnclave(code, 0, change);
    assert.is(ran.end.ended, 'trapped');
    assert.is(ran.end.cause, 'ENTER_REFUSED');
    assert.is(ran.vector, vector);
    assert.match(ran.end.reason ?? '', text);
    assert.is(ran.stats.entries, 0);
  });
}

SPOILS.forEach(({ name, text }, i) => {
  test(`ERESUME refuses: ${name}`, async () => {
    const ran = await runEnclave(code, 1 + i);
    assert.is(ran.end.cause, 'ENTER_REFUSED');
    assert.is(ran.vector, GP);
    assert.match(ran.end.reason ?? '', /ERESUME/);
    assert.match(ran.end.reason ?? '', text);
  });
});

test('ERESUME refuses: nothing to resume', async () => {
  const ran = await runEnclave(code, 1 + SPOILS.length);
  assert.match(ran.end.reason ?? '', /#GP\(0\): ERESUME: TCS.CSSA is 0: there is nothing to resume/);
});

test.run();
