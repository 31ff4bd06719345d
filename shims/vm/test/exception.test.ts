// SPDX-License-Identifier: Apache-2.0
// #VC of ring 3: the exit code against the instruction at RIP (SECURITY.md, rule 13).
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { REASONS } from '@motte/hostcall/reasons';
import { cpuidPage, goodRows } from './support/cpuid.js';
import { AGREES, GOOD, end, field, hasBearssl, run, u64 } from './support/world.js';
import type { Answer } from './support/world.js';
import { GHCB } from '@motte/plan/snp/ghcb';

const EXCEPTION = `refused ${REASONS.EXCEPTION.number}`;
const cpuid = cpuidPage(goodRows());
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const vc = (error: number, code: string, answers: readonly Answer[] = []): string | undefined =>
  end(
    run(['exception', error.toString(16)], { ...GOOD, cpuid, code: hex(code) }, [
      ...AGREES,
      ...answers,
    ]).filter((line) => line !== 'done'),
  );

const bit = (name: 'rax' | 'rcx' | 'rdx'): bigint => 1n << BigInt((GHCB.offsetOf(name) / 8) % 64);

/** The host's time, with these registers marked valid. */
const time = (low: bigint, high: bigint): Answer => ({
  writes: [
    field('rax', 0xffff_ffff_0000_1111n),
    field('rcx', 0xffff_ffff_0000_3333n, 0xffff_ffff_0000_2222n),
    field('valid_low', low, high),
  ],
});

/** Instructions by the exit code that their intercept gives, and how the handler ends. */
const INSTRUCTIONS: readonly [name: string, exit: number, code: string, expected: string][] = [
  ['CPUID', 0x72, '0f a2', 'goes on rip=+2 rax=0 rbx=0 rcx='],
  ['RDTSC', 0x6e, '0f 31', 'goes on rip=+2 rax=1111 rbx=0 rcx=0 rdx=2222'],
  ['RDTSCP', 0x87, '0f 01 f9', 'goes on rip=+3 rax=1111 rbx=0 rcx=3333 rdx=2222'],
  ['VMMCALL', 0x81, '0f 01 d9', 'undefined rip=+0'],
  ['MONITORX', 0x8a, '0f 01 fa', 'undefined rip=+0'],
  ['MWAITX', 0x8b, '0f 01 fb', 'undefined rip=+0'],
  ['RDPRU', 0x8e, '0f 01 fd', 'undefined rip=+0'],
];
const TIME = time(bit('rax'), bit('rcx') | bit('rdx'));

if (!hasBearssl) console.log('skipped: exception: scripts/fetch-bearssl has not been run');
else {
  for (const [name, exit, code, expected] of INSTRUCTIONS) {
    test(name, () => {
      assert.ok(vc(exit, code, [TIME])?.startsWith(expected), vc(exit, code, [TIME]));
    });
    test(`${name} with prefixes`, () => {
      const length = code.split(' ').length + 3;
      const longer = expected.replace(/rip=\+[23]/, `rip=+${length}`);
      assert.ok(vc(exit, `66 2e 48 ${code}`, [TIME])?.startsWith(longer));
    });
    test(`${name} by every other exit code`, () => {
      for (const [, other] of INSTRUCTIONS) if (other !== exit) assert.is(vc(other, code, [TIME]), EXCEPTION);
    });
    test(`${name} that ends where nothing may be executed`, () => {
      assert.is(vc(exit, code.slice(0, -3), [TIME]), EXCEPTION);
      assert.is(vc(exit, '', [TIME]), EXCEPTION);
    });
    test(`${name} with more prefixes than an instruction has`, () => {
      assert.is(vc(exit, `${'66 '.repeat(15)}${code}`, [TIME]), EXCEPTION);
    });
  }

  test('exit codes that no instruction of ring 3 has', () => {
    const lines = run(['exceptions', '405'], { ...GOOD, cpuid, code: hex('0f a2') });
    const all = lines.filter((line) => line.startsWith('exit '));
    assert.is(all.length, 0x406);
    all.forEach((line, exit) => {
      const expected =
        exit === 0x72 ? 'goes on' : exit === 0x404 ? `refused ${REASONS.MEMORY_LEDGER.number}` : EXCEPTION;
      assert.is(line, `exit ${exit.toString(16)}: ${expected}`);
    });
    for (const exit of [0x8000_0010, 0x8000_0011, 0xffff_ffff])
      assert.is(vc(exit, '0f a2'), EXCEPTION, exit.toString(16));
  });

  test('an exit code beyond 32 bits', () => assert.is(vc(2 ** 32 + 0x72, '0f a2'), EXCEPTION));

  test('a page that was taken away is not validated anew', () => {
    const lines = run(['exception', '404'], { ...GOOD, cpuid, code: hex('0f a2') }, AGREES);
    assert.is(end(lines), `refused ${REASONS.MEMORY_LEDGER.number}`);
    assert.not(lines.some((line) => line.startsWith('pvalidate')));
  });

  for (const [name, low, high] of [
    ['RAX', 0n, bit('rcx') | bit('rdx')],
    ['RDX', bit('rax'), bit('rcx')],
    ['RCX', bit('rax'), bit('rdx')],
  ] as const) {
    test(`time without ${name}`, () => {
      assert.is(vc(0x87, '0f 01 f9', [time(low, high)]), `refused ${REASONS.GHCB.number}`);
    });
  }

  test('what the host has to give is not marked by the guest', () => {
    const lines = run(['exception', '87'], { ...GOOD, cpuid, code: hex('0f 01 f9') }, [...AGREES, TIME]);
    assert.match(lines[3] ?? '', / valid=0,1c000000000000 /);
  });

  test('a register that the host gives without marking it', () => {
    const answer: Answer = { writes: [[0xc000_0000 + GHCB.offsetOf('rax'), u64(1n)]] };
    assert.is(vc(0x6e, '0f 31', [answer]), `refused ${REASONS.GHCB.number}`);
  });
}

test.run();
