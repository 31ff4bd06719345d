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
  readonly chosen?: (run: ProgramRun) => boolean;
  /** For all of them. */
  readonly seconds: number;
}

/**
 * An interpreted machine now and then loses a vCPU on a busy host, and sometimes itself: a triple fault, or a thread that never comes
 * back. What has ended so gets one more turn, and it is said.
 */
async function repeatStopped(
  kvm: Kvm,
  built: readonly { readonly run: ProgramRun }[],
  asked: readonly VmRun[],
  ran: Map<number, VmLine>,
): Promise<void> {
  const stopped = [...ran].filter(
    ([, line]) =>
      line.error === undefined && (line.cause === 'TIME_LIMIT' || /triple fault/u.test(line.reason ?? '')),
  );
  if (stopped.length === 0) return;
  for (const [i, line] of stopped)
    console.log(`again: ${built[i]?.run.program}: ${line.error ?? line.reason}`);
  const again = await runInVm(
    kvm,
    stopped.flatMap(([i]) => asked[i] ?? []),
    SECONDS * stopped.length,
  );
  for (const [at, [i]] of stopped.entries()) {
    const line = again.get(at);
    if (line !== undefined) ran.set(i, line);
  }
}

/** Runs the programs at once, and makes a test of each. */
export async function testPrograms({ tee, kinds, chosen = () => true, seconds }: VmPrograms): Promise<void> {
  const folder = tempFolder(`motte-${tee}-programs`);
  const built = programRuns(folder)
    .filter(chosen)
    .flatMap((run) => {
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
  const ran = new Map(await runInVm(kvm, asked, seconds));
  if (kind === 'tcg') await repeatStopped(kvm, built, asked, ran);
  await kvm.end();
  for (const [i, { run, path }] of built.entries())
    test(`${run.program}, ${tee}: prints and ends as it does natively`, () =>
      assertNative(ranOf(ran.get(i)), natively(folder, path, run, kind)));
}
