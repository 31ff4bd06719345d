// SPDX-License-Identifier: Apache-2.0
// A Keep for each injection, in this machine's KVM or in one boot of scripts/tcg, and a test for each.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import type { KvmKind } from '@motte/test-helpers/tcg/with-kvm';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Injection } from './injections.js';
import { runInVm } from './vm-run.js';
import type { VmRun } from './vm-run.js';

const ALL_SECONDS = 560;

function program(): string {
  const out = join(tempFolder('motte-injected'), 'injected');
  const source = join(ROOT, 'test/e2e/c/injected.c');
  execFileSync('gcc-12', ['-static-pie', '-O1', '-Wall', '-Wextra', '-Werror', source, '-o', out]);
  return out;
}

/** Defines the tests, on the first of these kinds of KVM, or says why they are skipped. */
export async function testInjections(
  injections: readonly Injection[],
  kinds: readonly KvmKind[] = ['kvm', 'tcg'],
): Promise<void> {
  const kvm = await kvmOrWhy({ kinds });
  if (typeof kvm === 'string') {
    console.log(`skipped: exceptions that a host injects: ${kvm}`);
    return;
  }
  const path = program();
  const runs: VmRun[] = injections.map(({ run }) => ({ path, input: '', keep: '', seconds: 60, ...run }));
  const lines = await runInVm(kvm, runs, ALL_SECONDS);
  await kvm.end();
  console.log(`${runs.length} Keeps on: ${kvm.kind}`);
  injections.forEach(({ name, ended, out, says, hides }, i) => {
    test(name, () => {
      const ran = lines.get(i);
      assert.ok(ran !== undefined, 'not run in time');
      if (ran.error !== undefined) throw new Error(ran.error);
      const told = JSON.stringify(ran);
      assert.is(Buffer.from(ran.out, 'base64').toString(), out, told);
      assert.ok(ended.includes(`${ran.ended} ${ran.cause ?? ran.status}`), told);
      if (says !== undefined) assert.match(ran.reason ?? '', says);
      if (hides !== undefined) assert.not.match(ran.reason ?? '', hides);
    });
  });
}
