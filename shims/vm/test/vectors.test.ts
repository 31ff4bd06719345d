// SPDX-License-Identifier: Apache-2.0
// Every vector from 0 to 255: its gate, and what becomes of one of ring 3 (SECURITY.md, rule 13).
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { REASONS } from '@motte/hostcall/reasons';
import { VECTOR_SIGNALS } from '@motte/test-helpers/vector-signals';
import { cpuidPage, goodRows } from './support/cpuid.js';
import { GOOD, hasBearssl, vectors } from './support/world.js';

const GATES = 33;
const REFUSED = `refused ${REASONS.EXCEPTION.number}`;

/** What becomes of each vector whose instruction, `code`, ends at RIP. */
function outcomes(mode: bigint, code: string): Map<number, string> {
  return byVector(vectors({ ...GOOD, mode, code: new Uint8Array(Buffer.from(code, 'hex')) }));
}

function byVector(lines: readonly string[]): Map<number, string> {
  const found = lines.map((line) => /^vector (\d+) (.*)$/.exec(line));
  return new Map(found.flatMap((one) => (one === null ? [] : [[Number(one[1]), one[2] ?? ''] as const])));
}

function expected(vector: number): string {
  if (vector === 14) return 'page fault, needs 1';
  if (vector === 32) return 'handled';
  const signal = VECTOR_SIGNALS[vector];
  return signal === undefined ? REFUSED : `signal ${signal}`;
}

if (!hasBearssl) console.log('skipped: vectors: scripts/fetch-bearssl has not been run');
else {
  test('gates: 0 to 32 and no other, none of which trusts RSP; ring 3 may name INT3 and INTO', () => {
    const gates = vectors(GOOD).filter((line) => line.startsWith('gate '));
    assert.is(gates.length, GATES);
    gates.forEach((line, vector) => {
      const type = vector === 3 || vector === 4 ? 'ee' : '8e';
      assert.is(line, `gate ${vector} type ${type} ist 1 selector 8 stub ${vector}`);
    });
  });

  test('of ring 3 under plain KVM', () => {
    const all = outcomes(0n, '');
    assert.is(all.size, 256);
    for (const [vector, outcome] of all) assert.is(outcome, expected(vector), `vector ${vector}`);
  });

  test('of ring 3 under SEV-SNP, where no instruction of its is', () => {
    for (const [vector, outcome] of outcomes(1n, '90 90 90'.replaceAll(' ', ''))) {
      const made = vector === 3 || vector === 4 || vector === 5;
      assert.is(outcome, made ? REFUSED : expected(vector), `vector ${vector}`);
    }
  });

  for (const [name, code, vector] of [
    ['INT3', '90cc', 3],
    ['INT 3', 'cd03', 3],
    ['INT 4', 'cd04', 4],
  ] as const) {
    test(`${name} under SEV-SNP`, () => {
      const all = outcomes(1n, code);
      assert.is(all.get(vector), expected(vector));
      assert.is(all.get(vector === 3 ? 4 : 3), REFUSED);
    });
  }

  test('an instruction that the shim carries out ends with #DB where the program steps', () => {
    const cpuid = cpuidPage(goodRows());
    const lines = vectors({ ...GOOD, mode: 1n, cpuid, code: Uint8Array.of(0x0f, 0xa2) }, 'step');
    assert.equal(lines, ['step 202: on at +2', 'step 302: signal 5', 'on at +2']);
  });

  test('a fault while an interrupt was delivered, as of one without a gate, is no signal', () => {
    for (const mode of [0n, 1n])
      for (const [vector, outcome] of byVector(vectors({ ...GOOD, mode }, 'external')))
        if (vector >= 10 && vector <= 13) assert.is(outcome, REFUSED, `vector ${vector}`);
  });

  test('on a KVM in software INT3 has a gate of its own, which SYSCALL leads to', () => {
    const lines = vectors({ ...GOOD, mode: 0n, host: 1n });
    const gates = lines.filter((line) => line.startsWith('gate '));
    assert.is(gates.length, GATES);
    gates.forEach((line, vector) => {
      const type = vector === 3 || vector === 4 ? 'ee' : '8e';
      const to = vector === 3 ? 'to the breakpoint' : `stub ${vector}`;
      assert.is(line, `gate ${vector} type ${type} ist 1 selector 8 ${to}`);
    });
    for (const [vector, outcome] of byVector(lines)) assert.is(outcome, expected(vector), `vector ${vector}`);
    assert.ok(lines.includes('system call 39'));
    assert.is(lines[lines.indexOf('system call 39') + 1], 'handled, on at RCX with R11');
    // IRET would fault on an address of the upper half: who has jumped to the INT3 with one in RCX gets that.
    assert.ok(lines.includes('jump signal 5'));
  });
}

test.run();
