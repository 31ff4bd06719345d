// SPDX-License-Identifier: Apache-2.0
// Keeps as simulated SEV-SNP guests, with the shim that hardware would run: programs, and hosts that break the rules of
// SECURITY.md, 12 and 15. On the KVM of this machine, or in one of scripts/tcg.
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { End } from '@motte/loader/load';
import { KEEP_ROWS } from './keep-rows.js';

interface Ran {
  readonly end: End;
  readonly out: string;
  readonly hidden: boolean;
  readonly measurement: string;
  readonly corrected: number;
  readonly patched: number;
  readonly error?: string;
}

/** In an interpreted machine it takes half a minute, and there can be two. */
const SECONDS = 240;
const RUNNER = fileURLToPath(new URL('run-keeps.js', import.meta.url));

function program(): string {
  const out = join(tempFolder('motte-snp-keeps'), 'programs');
  const source = join(ROOT, 'packages/loader/test/snp/programs.c');
  execFileSync('gcc-12', [
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-static-pie',
    '-pthread',
    source,
    '-o',
    out,
  ]);
  return out;
}

async function runAll(): Promise<readonly Ran[] | string> {
  // Where KVM interprets ring 0 the shim's SMEP and SMAP are missing, which mode SNP insists on.
  const kvm = await kvmOrWhy({ kinds: ['kvm', 'tcg'] });
  if (typeof kvm === 'string') return kvm;
  try {
    const { status, stdout, stderr } = await kvm.runRepeatable([process.execPath, RUNNER, program()], {
      seconds: SECONDS,
    });
    assert.is(status, 0, `${stdout.toString()}${stderr.toString()}`);
    const lines = stdout.toString().trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as Ran);
  } finally {
    await kvm.end();
  }
}

const ran = await runAll();
if (typeof ran === 'string') {
  console.log(`skipped: Keeps as simulated SEV-SNP guests: ${ran}`);
} else {
  KEEP_ROWS.forEach((row, i) => {
    test(`snp: ${row.name}`, () => {
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
      if (row.out !== undefined) assert.is(one.out, row.out, told);
    });
  });

  test('snp: the same digest for all, sites replaced afterwards, and nothing for the host to read', () => {
    const launched = ran.filter(({ error }) => error === undefined);
    assert.is(new Set(launched.map(({ measurement }) => measurement)).size, 1);
    assert.ok(launched.every(({ patched }) => patched >= 2));
    assert.ok(launched.every(({ hidden }) => hidden));
    assert.is(ran[0]?.corrected, 0);
  });
}

test.run();
