// SPDX-License-Identifier: Apache-2.0
// The programs of programs.test.ts, the same exec files, in VM-based Keeps: on this machine's KVM or in a machine of
// scripts/tcg. What they print and how they end is what they print and how they end natively.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { sameBytes } from '@motte/test-helpers/bytes';
import { program } from '@motte/test-helpers/programs';
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import type { Kvm, KvmKind } from '@motte/test-helpers/tcg/with-kvm';
import { tempFolder } from '@motte/test-helpers/temp';
import { programRuns } from './program-runs.js';
import type { ProgramRun } from './program-runs.js';
import { runInVm } from './vm-run.js';
import type { VmLine, VmRan, VmRun } from './vm-run.js';

/** For one Keep: interpreted machines are slow. */
const SECONDS = 60;

/** What a program did natively. */
export interface Native {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The run's line, which there is. */
export function ranOf(line: VmLine | undefined): VmRan {
  assert.ok(line !== undefined, 'no line: it was not run in time');
  if (line.error !== undefined) throw new Error(line.error);
  return line;
}

/** It printed and ended as natively. */
export function assertNative(ran: VmRan, native: Native): void {
  const told = JSON.stringify({ ...ran, out: '', err: '', left: [] });
  sameBytes(Buffer.from(ran.out, 'base64'), native.stdout, `stdout ${told}`);
  sameBytes(Buffer.from(ran.err, 'base64'), native.stderr, `stderr ${told}`);
  const signal = native.signal === null ? null : constants.signals[native.signal];
  const end = signal === null ? ['exited', native.status] : ['signalled', signal];
  assert.equal([ran.ended, ran.status], end, told);
}

function argsOf({ args = [], interpreted = args }: ProgramRun, kind: KvmKind): readonly string[] {
  return kind === 'tcg' ? interpreted : args;
}

function natively(folder: string, path: string, run: ProgramRun, kind: KvmKind): Native {
  for (const file of ['t.db', 'u.db'])
    for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `${file}${end}`), { force: true });
  const input = run.stdin ?? Buffer.alloc(0);
  return spawnSync(path, run.natively ?? argsOf(run, kind), {
    input,
    env: { K: 'value' },
    maxBuffer: 1 << 26,
  });
}

export interface VmPrograms {
  readonly tee: 'kvm' | 'snp';
  readonly kinds: readonly KvmKind[];
  /** For all of them. */
  readonly seconds: number;
}

/** Runs the programs at once, and makes a test of each. */
export async function testPrograms({ tee, kinds, seconds }: VmPrograms): Promise<void> {
  const folder = tempFolder(`motte-${tee}-programs`);
  const built = programRuns(folder).flatMap((run) => {
    const made = program(run.program);
    if ('skipped' in made) console.log(`skipped: ${run.program}: ${made.skipped}`);
    return 'skipped' in made ? [] : [{ run, path: made.path }];
  });
  const kvm: Kvm | string = await kvmOrWhy({ kinds });
  if (typeof kvm === 'string') {
    console.log(`skipped: programs in Keeps of ${tee}: ${kvm}`);
    return;
  }
  const { kind } = kvm;
  console.log(`${built.length} programs in Keeps of ${tee} on: ${kind}`);
  const asked = built.map(({ run, path }): VmRun => ({
    tee,
    path,
    args: argsOf(run, kind),
    input: (run.stdin ?? Buffer.alloc(0)).toString('base64'),
    keep: run.keep ?? '',
    seconds: SECONDS,
    switchless: run.switchless ?? false,
  }));
  const ran = await runInVm(kvm, asked, seconds);
  await kvm.end();
  for (const [i, { run, path }] of built.entries())
    test(`${run.program}, ${tee}: prints and ends as it does natively`, () =>
      assertNative(ranOf(ran.get(i)), natively(folder, path, run, kind)));
}
