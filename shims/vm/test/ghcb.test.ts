// SPDX-License-Identifier: Apache-2.0
// The mode, the GHCB protocol and page validation, against a host and a CPU that are wrong in one place each
// (SECURITY.md, rules 11, 12, 15).
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GHCB_EXIT, GHCB_MSR, PAGE_STATE } from '@motte/plan/snp/ghcb';
import { REASONS } from '@motte/hostcall/reasons';
import { VM_MAP } from '@motte/plan/vm/map';
import { AGREES, C_BIT, GOOD, end, field, ghcbAt, hasBearssl, run } from './support/world.js';
import type { Answer, Start } from './support/world.js';

const refused = (name: keyof typeof REASONS): string => `refused ${REASONS[name].number}`;
const VALID = 1n << 32n;

const MODES: readonly [name: string, start: Partial<Start>][] = [
  ['no SEV at all', { sevStatus: 0n }],
  ['SEV alone', { sevStatus: 1n }],
  ['SEV-ES alone', { sevStatus: 3n }],
  ['SNP without SEV-ES', { sevStatus: 5n }],
  ...Array.from({ length: 20 }, (_, i): [string, Partial<Start>] => [
    `a feature that was not measured, bit ${i + 3}`,
    { sevStatus: 7n | (1n << BigInt(i + 3)) },
  ]),
  ['no paging', { cr0: GOOD.cr0 & ~0x8000_0000n }],
  ['no write protection', { cr0: GOOD.cr0 & ~0x1_0000n }],
  ['no UMIP', { cr4: GOOD.cr4 & ~0x800n }],
  ['no OSXSAVE', { cr4: GOOD.cr4 & ~0x4_0000n }],
  ['no SMEP', { cr4: GOOD.cr4 & ~0x10_0000n }],
  ['no SMAP', { cr4: GOOD.cr4 & ~0x20_0000n }],
  ['no NX', { efer: GOOD.efer & ~0x800n }],
  ['a launched page that was not validated', { validated: [0n] }],
  ['a launched page that is not the guest’s', { validated: [1n] }],
  ['a launched page of another size', { validated: [6n] }],
  ['both an error and CF', { validated: [VALID | 6n] }],
];

const SEV_INFO = (most: bigint, least: bigint, bit: number): bigint =>
  (most << 48n) | (least << 32n) | (BigInt(bit) << 24n) | BigInt(GHCB_MSR.SEV_INFO_ANSWER);

/** What is wrong with the host's answer number `at`. */
const STARTS: readonly [name: string, at: number, msr: bigint][] = [
  ['no answer', 0, BigInt(GHCB_MSR.SEV_INFO)],
  ['another answer', 0, (2n << 48n) | (1n << 32n) | BigInt(GHCB_MSR.FEATURES_ANSWER)],
  ['version 1 alone', 0, SEV_INFO(1n, 1n, C_BIT)],
  ['version 3 alone', 0, SEV_INFO(3n, 3n, C_BIT)],
  ['the C-bit elsewhere', 0, SEV_INFO(2n, 1n, 47)],
  ['no SEV-SNP', 1, (2n << 12n) | BigInt(GHCB_MSR.FEATURES_ANSWER)],
  ['features by another answer', 1, (1n << 12n) | BigInt(GHCB_MSR.SEV_INFO_ANSWER)],
  ['registration refused', 2, 0xffff_ffff_ffff_f013n],
  ['registration of another page', 2, BigInt(ghcbAt(1)) | BigInt(GHCB_MSR.REGISTER_ANSWER)],
  ['registration by another answer', 2, BigInt(ghcbAt(0)) | BigInt(GHCB_MSR.REGISTER)],
];

/** What is wrong with the answer to a request by the page. */
const CALLS: readonly [name: string, answer: Answer][] = [
  ['an error', { writes: [field('sw_exitinfo1', 2n)] }],
  ['an exception to be injected', { writes: [field('sw_exitinfo1', 1n, 0x8000_0b0en)] }],
];

/** The header that the host leaves of a page-state change, and what it says besides. */
const changed = (current: number, last: number, info2 = 0n): Answer => ({
  writes: [field('shared_buffer', BigInt(current) | (BigInt(last) << 16n)), field('sw_exitinfo2', info2)],
});

const CHANGES: readonly [name: string, answers: Answer[], expected: string][] = [
  ['all at once', [changed(4, 3)], 'done'],
  ['piece by piece', [changed(1, 3), changed(3, 3), changed(4, 3)], 'done'],
  ['nothing done', [changed(0, 3)], refused('GHCB')],
  ['one thing undone again', [changed(2, 3), changed(1, 3)], refused('GHCB')],
  ['stuck', [changed(2, 3), changed(2, 3)], refused('GHCB')],
  ['more than was asked for', [changed(5, 3)], refused('GHCB')],
  ['an error', [changed(4, 3, 1n << 32n)], refused('GHCB')],
  ['no answer', [{}], refused('GHCB')],
];

const VALIDATIONS: readonly [name: string, validated: bigint[], expected: string, count: number][] = [
  ['2 MiB', [0n], 'done', 1],
  ['512 times 4 KiB', [6n, 0n], 'done', 513],
  ['2 MiB that were so before', [VALID], refused('MEMORY_LEDGER'), 1],
  ['4 KiB that were so before', [6n, 0n, 0n, VALID, 0n], refused('MEMORY_LEDGER'), 4],
  ['a size that fits neither way', [6n, 6n], refused('MEMORY_LEDGER'), 2],
  ['a bad address', [1n], refused('MEMORY_LEDGER'), 1],
];

if (!hasBearssl) console.log('skipped: ghcb: scripts/fetch-bearssl has not been run');
else {
  test('a CPU in the mode that was measured', () => {
    assert.equal(run(['check'], GOOD), ['pvalidate 2000 0', 'done']);
  });

  for (const [name, start] of MODES) {
    test(`a CPU in another mode: ${name}`, () => {
      assert.is(end(run(['check'], { ...GOOD, ...start })), refused('MODE'));
    });
  }

  for (const vcpu of [0, 1]) {
    test(`a host that agrees, to vCPU ${vcpu}`, () => {
      const [info, features] = AGREES as [Answer, Answer];
      const register = BigInt(ghcbAt(vcpu));
      const registered = { msr: register | BigInt(GHCB_MSR.REGISTER_ANSWER) };
      assert.equal(run(['start', `${vcpu}`], GOOD, [info, features, registered]), [
        'msr 2',
        'msr 80',
        `msr ${(register | 0x12n).toString(16)}`,
        'done',
      ]);
    });
  }

  test('a host with newer versions besides', () => {
    assert.is(end(run(['start', '0'], GOOD, [{ msr: SEV_INFO(9n, 0n, C_BIT) }, ...AGREES.slice(1)])), 'done');
  });

  for (const [name, at, msr] of STARTS) {
    test(`a host that does not agree: ${name}`, () => {
      const answers = AGREES.map((answer, i) => (i === at ? { msr } : answer));
      assert.is(end(run(['start', '0'], GOOD, answers)), refused('GHCB'));
    });
  }

  test('the end of the Keep, again and again', () => {
    const lines = run(['leave', '3'], GOOD, [...AGREES, {}, {}]);
    const out =
      `page c0000000 code=7b info1=${((BigInt(VM_MAP.PORT) << 16n) | 0x240n).toString(16)} info2=0 scratch=0 ` +
      'rax=3 rcx=0 rdx=0 valid=8000000000000000,1c000600000000 version=2 usage=0';
    assert.equal(lines.slice(3), [out, out, out, 'left']);
  });

  test('a refusal is a termination', () => {
    assert.is(end(run(['leave', '4'], GOOD, AGREES)), 'terminate 4 4660');
  });

  for (const [name, answer] of CALLS) {
    test(`a wrong answer: ${name}`, () => {
      assert.is(end(run(['leave', '3'], GOOD, [...AGREES, answer])), refused('GHCB'));
    });
  }

  for (const [name, answers, expected] of CHANGES) {
    test(`pages that become the guest’s own, or the host’s: ${name}`, () => {
      for (const [command, operation] of [
        ['own', PAGE_STATE.PRIVATE],
        ['disown', PAGE_STATE.SHARED],
      ] as const) {
        const lines = run([command, '800000'], GOOD, [...AGREES, ...answers]);
        assert.is(end(lines), expected);
        const large = 1n << BigInt(PAGE_STATE.LARGE_SHIFT);
        const entry = BigInt(VM_MAP.BASE) | large | (BigInt(operation) << 52n);
        assert.match(lines[3] ?? '', `code=${GHCB_EXIT.PAGE_STATE.toString(16)} `);
        assert.match(lines[3] ?? '', `scratch=${(ghcbAt(0) + 0x800).toString(16)} `);
        const words = [3n << 16n, entry, entry + 0x20_0000n];
        assert.is(lines[4], `change ${Buffer.from(BigUint64Array.from(words).buffer).toString('hex')}`);
      }
    });
  }

  test('more pages than one request has room for', () => {
    const most = PAGE_STATE.ENTRIES;
    const answers = [changed(most, most - 1), changed(most, most - 1), changed(6, 5)];
    const lines = run(['own', (512 * 0x20_0000).toString(16)], GOOD, [...AGREES, ...answers]);
    assert.is(end(lines), 'done');
    assert.is(lines.filter((line) => line.startsWith('change')).length, 3);
  });

  for (const [name, validated, expected, count] of VALIDATIONS) {
    test(`validation, and taking it back: ${name}`, () => {
      for (const [command, back] of [
        ['validate', ''],
        ['invalidate', ' back'],
      ] as const) {
        const lines = run([command, '40000000'], { ...GOOD, validated });
        assert.is(end(lines), expected);
        const asked = lines.filter((line) => line.startsWith('pvalidate'));
        assert.is(asked.length, count);
        assert.is(asked[0], `pvalidate 40000000 1${back}`);
        const last = (0x40000000 + (count - 2) * 4096).toString(16);
        if (count > 1) assert.is(asked.at(-1), `pvalidate ${last} 0${back}`);
      }
    });
  }
}

test.run();
