// SPDX-License-Identifier: Apache-2.0
// The ledger, and the application's memory over it, beside plain models (SECURITY.md, rules 9 and 10).
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeProgram } from './support/native.js';

const SEEDS = [1, 0x1234567, 0xdeadbeef01, 42];

const ledger = nativeProgram('ledger_model', ['test/c/ledger_model.c', 'ledger.c']);
for (const seed of SEEDS) {
  test(`the ledger is an array of states, seed ${seed}`, () => {
    const ran = ledger([String(seed), '3000']);
    assert.is(ran.stderr, '');
    assert.is(ran.stdout.toString(), 'same\n');
  });
}

test('a heap of 16 GiB starts with hardly more table pages than one of 64 MiB', () => {
  const cost = nativeProgram('ledger_cost', ['test/c/ledger_cost.c', 'ledger.c']);
  const pages = (mebibytes: number): number => Number(cost([String(mebibytes)]).stdout.toString());
  assert.is(pages(64), 2); // the root, and the leaf of the block with the stack
  assert.is(pages(16_384), 3); // a root of two pages
});

const memory = nativeProgram('memory_model', [
  'test/c/memory_model.c',
  'test/c/memory_limit.c',
  'test/c/memory_platform.c',
  'memory.c',
  'memory_map.c',
  'memory_run.c',
  'memory_take.c',
  'memory_use.c',
  'ledger.c',
]);
for (const lazy of ['1', '0']) {
  for (const seed of SEEDS) {
    test(`memory is Linux's over ${lazy === '1' ? 'SGX2' : 'SGX1'} pages, seed ${seed}`, () => {
      const ran = memory([String(seed), '4000', lazy]);
      assert.is(ran.stderr, '');
      assert.is(ran.stdout.toString(), 'same\n');
    });
  }
}

test.run();
