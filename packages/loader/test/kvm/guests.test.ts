// SPDX-License-Identifier: Apache-2.0
// VM-based Keeps without a shim, on the KVM of this machine or in one of scripts/tcg: each end, each host call of a VM.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import { fileURLToPath } from 'node:url';
import { ROWS } from './rows.js';
import type { End } from '@motte/loader/load';

interface Ran {
  readonly end: End;
  readonly out: string;
  readonly peeked: readonly number[] | null;
  readonly entries: number;
  readonly calls: readonly (readonly [number, number])[];
  readonly exits: readonly (readonly [number, number])[];
  readonly error?: string;
}

const PROGRAM = fileURLToPath(new URL('run-guests.js', import.meta.url));

async function runAll(): Promise<readonly Ran[] | string> {
  const kvm = await kvmOrWhy();
  if (typeof kvm === 'string') return kvm;
  try {
    const { status, stdout, stderr } = await kvm.runRepeatable([process.execPath, PROGRAM], { seconds: 240 });
    assert.is(status, 0, `${stdout.toString()}${stderr.toString()}`);
    return stdout
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Ran);
  } finally {
    await kvm.end();
  }
}

const ran = await runAll();
if (typeof ran === 'string') {
  console.log(`skipped: VM-based Keeps without a shim: ${ran}`);
} else {
  ROWS.forEach((row, i) => {
    test(`kvm: ${row.name}`, () => {
      const one = ran[i];
      if (row.error !== undefined) {
        assert.match(one?.error ?? 'it ran', row.error);
        return;
      }
      assert.ok(one !== undefined && one.error === undefined, one?.error ?? 'no line');
      const told = JSON.stringify(one);
      assert.is(one.end.ended, row.ended, told);
      if (row.status !== undefined) assert.is(one.end.status, row.status, told);
      if (row.cause !== undefined) assert.is(one.end.cause, row.cause, told);
      if (row.reason !== undefined) assert.match(one.end.reason ?? '', row.reason);
      if (row.out !== undefined) assert.is(one.out, row.out);
      if (row.exits !== undefined) {
        const [reason, least] = row.exits;
        assert.ok((new Map(one.exits).get(reason) ?? 0) >= least, told);
      }
    });
  });

  test('kvm: the host sees what the guest wrote, and counts what it did', () => {
    const kicked = ran[ROWS.findIndex(({ name }) => name.includes('kicked'))];
    assert.equal(kicked?.peeked, [1, 0, 0, 0, 1, 0, 0, 0]);
    const calls = new Map(kicked?.calls);
    assert.is(calls.get(0x10004), 1, 'thread_start');
    assert.is(calls.get(0x1000a), 1, 'vcpu_kick');
    assert.ok((kicked?.entries ?? 0) >= 4);
  });
}

test.run();
