// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { measureSanctum } from '@motte/measure/sanctum';
import type { SanctumFlavourName } from '@motte/measure/sanctum/flavours';
import { readSanctumOperations } from '@motte/measure/sanctum/operations';
import type { Step } from '@motte/measure/transcript';
import { codeAndField } from '@motte/test-helpers/errors';

const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const PAGE = new Uint8Array(4096).fill(5);
const FIRST = { op: 'enclave_create', ev_base: 0, ev_mask: '0xffffffffc0000000', num_mailboxes: 1, debug: 0 };
const INIT = { op: 'init', ev_base: 0, ev_mask: 0, mailboxes: 0, debug: 1 };

function measured(flavour: SanctumFlavourName, ops: unknown): string {
  return toHex(
    measureSanctum(
      flavour,
      readSanctumOperations(flavour, ops, () => PAGE),
    ),
  );
}

function words(...values: readonly bigint[]): Buffer {
  const out = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) out.writeBigUInt64LE(BigInt.asUintN(64, value), 8 * i);
  return out;
}

test('a transcript has a step an operation, and what a monitor hashes at the end', () => {
  const page = { op: 'load_page', va: '0x1000', acl: 7, data: 0 };
  const told = (flavour: SanctumFlavourName, first: unknown): [string[], boolean] => {
    const operations = readSanctumOperations(flavour, [first, page], () => PAGE);
    const steps: Step[] = [];
    const found = measureSanctum(flavour, operations, { onStep: (step) => void steps.push(step) });
    return [steps.map(({ step }) => step), toHex(steps.at(-1)?.digest ?? PAGE) === toHex(found)];
  };
  const loaded = 'load_page va=0x1000 acl=0x7 4096 bytes';
  assert.equal(told('pwnall', INIT), [
    ['init ev_base=0x0 ev_mask=0x0 mailboxes=0x0 debug=0x1', loaded, 'final'],
    true,
  ]);
  const create = 'enclave_create ev_base=0x0 ev_mask=0xffffffffc0000000 num_mailboxes=0x1 debug=0x0';
  assert.equal(told('mit', FIRST), [[create, loaded], true]);
});

test('numbers stand where the monitors have them', () => {
  fc.assert(
    fc.property(u64, u64, u64, u64, (a, b, c, d) => {
      const hex = [a, b, c, d].map((value) => `0x${value.toString(16)}`);
      const thread = {
        op: 'load_thread',
        entry_pc: hex[0],
        entry_sp: hex[1],
        fault_pc: hex[2],
        fault_sp: hex[3],
      };
      const blocks = [
        words(0xaaaaaaaan, 0n, 0n, 0n, 0n, 0n, 1n, 0n),
        words(0xddddddddn, a, b, c, d, 0n, 0n, 0n),
        words(0xeeeeeeeen, 0n, 0n, 0n, 0n, 0n, 0n, 0n),
      ];
      const pwnall = createHash('sha256').update(Buffer.concat(blocks)).digest('hex');
      assert.is(measured('pwnall', [INIT, thread]), pwnall);
      const table = { op: 'load_page_table', va: hex[0], level: hex[1], acl: hex[2] };
      const page = { op: 'load_page', va: hex[3], acl: 1, data: 0 };
      const first = { ...FIRST, num_mailboxes: -2 };
      const mit = createHash('sha512')
        .update(words(0n, 0xffffffffc0000000n, -2n))
        .update(Uint8Array.of(0))
        .update(words(a, b, c))
        .update(words(d, 1n))
        .update(PAGE)
        .digest('hex');
      assert.is(measured('mit', [first, table, page]), mit);
    }),
    { numRuns: 30 },
  );
});

test('lists that no monitor would measure are refused', () => {
  const page = { op: 'load_page', va: 0, acl: 0, data: 0 };
  const table: [string, SanctumFlavourName, unknown][] = [
    ['operations', 'mit', {}],
    ['operations', 'mit', []],
    ['operations[0]', 'mit', [1]],
    ['operations[0].op', 'mit', [{}]],
    ['operations[0].op', 'mit', [INIT]],
    ['operations[0].op', 'mit', [{ op: 'constructor' }]],
    ['operations[0].op', 'mit', [page]],
    ['operations[1].op', 'mit', [FIRST, FIRST]],
    ['operations[0].debug', 'mit', [{ ...FIRST, debug: 256 }]],
    ['operations[0].debug', 'mit', [{ ...FIRST, debug: undefined }]],
    ['operations[0].num_mailboxes', 'mit', [{ ...FIRST, num_mailboxes: '0x8000000000000000' }]],
    ['operations[0].ev_base', 'pwnall', [{ ...INIT, ev_base: -1 }]],
    ['operations[0].ev_base', 'pwnall', [{ ...INIT, ev_base: 1.5 }]],
    ['operations[0].ev_base', 'pwnall', [{ ...INIT, ev_base: '0x1ffffffffffffffff' }]],
    ['operations[0].size', 'pwnall', [{ ...INIT, size: 0 }]],
    ['operations[0].data', 'pwnall', [{ ...INIT, data: 0 }]],
  ];
  for (const [field, flavour, ops] of table)
    assert.is(
      codeAndField(() => measured(flavour, ops)),
      `SANCTUM_OPERATION ${field}`,
      JSON.stringify(ops),
    );
  for (const size of [0, 4095, 4097]) {
    const ops = readSanctumOperations('mit', [FIRST, page], () => new Uint8Array(size));
    assert.is(
      codeAndField(() => measureSanctum('mit', ops)),
      'SANCTUM_OPERATION operations[1].data',
    );
  }
  const missing = [{ op: 'init', values: { ev_base: 0n } }];
  assert.is(
    codeAndField(() => measureSanctum('pwnall', missing)),
    'SANCTUM_OPERATION operations[0].ev_mask',
  );
});

test.run();
