// SPDX-License-Identifier: Apache-2.0
// The programs of programs.test.ts, the same exec files, in VM-based Keeps: on this machine's KVM or in a machine of
// scripts/tcg. What they print and how they end is what they print and how they end natively.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { sameBytes } from '@motte/test-helpers/bytes';
import { program } from '@motte/test-helpers/programs';
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import type { Kvm } from '@motte/test-helpers/tcg/with-kvm';
import { tempFolder } from '@motte/test-helpers/temp';
import { programRuns } from './support/program-runs.js';
import type { ProgramRun } from './support/program-runs.js';
import { readLines } from './support/vm-run.js';
import type { VmLine, VmRun } from './support/vm-run.js';

const RUNNER = fileURLToPath(new URL('support/run-in-vm.js', import.meta.url));
/** For one Keep, and for all of them: interpreted machines are slow. */
const SECONDS = 60;
const ALL_SECONDS = 270;
const FOLDER = tempFolder('motte-kvm-programs');

function argsOf({ args = [], interpreted = args }: ProgramRun, kind: Kvm['kind']): readonly string[] {
  return kind === 'tcg' ? interpreted : args;
}

/** A line for each run. */
async function runAll(kvm: Kvm, runs: readonly VmRun[]): Promise<ReadonlyMap<number, VmLine>> {
  const stdin = Buffer.from(JSON.stringify(runs));
  const { stdout, stderr } = await kvm.run([process.execPath, RUNNER], { seconds: ALL_SECONDS, stdin });
  if (stderr.length > 0) console.log(stderr.toString());
  return readLines(stdout);
}

const built = programRuns(FOLDER).flatMap((run) => {
  const made = program(run.program);
  if ('skipped' in made) console.log(`skipped: ${run.program}: ${made.skipped}`);
  return 'skipped' in made ? [] : [{ run, path: made.path }];
});
const kvm = await kvmOrWhy();
if (typeof kvm === 'string') console.log(`skipped: programs in VM-based Keeps: ${kvm}`);
else {
  console.log(`VM-based Keeps run on: ${kvm.kind}`);
  const asked = built.map(({ run, path }) => ({
    path,
    args: argsOf(run, kvm.kind),
    input: (run.stdin ?? Buffer.alloc(0)).toString('base64'),
    keep: run.keep ?? '',
    seconds: SECONDS,
  }));
  const ran = await runAll(kvm, asked);
  await kvm.end();
  for (const [i, { run, path }] of built.entries()) {
    const { program: name, stdin = Buffer.alloc(0), natively = argsOf(run, kvm.kind) } = run;
    test(`${name} in a VM prints and ends as it does natively`, () => {
      const line = ran.get(i);
      assert.ok(line !== undefined, 'no line: it was not run in time');
      if (line.error !== undefined) throw new Error(line.error);
      for (const file of ['t.db', 'u.db'])
        for (const end of ['', '-wal', '-shm']) rmSync(join(FOLDER, `${file}${end}`), { force: true });
      const native = spawnSync(path, natively, { input: stdin, env: { K: 'value' }, maxBuffer: 1 << 26 });
      const told = JSON.stringify({ ...line, out: '', err: '' });
      sameBytes(Buffer.from(line.out, 'base64'), native.stdout, `stdout ${told}`);
      sameBytes(Buffer.from(line.err, 'base64'), native.stderr, `stderr ${told}`);
      const signal = native.signal === null ? null : constants.signals[native.signal];
      assert.equal(
        [line.ended, line.status],
        signal === null ? ['exited', native.status] : ['signalled', signal],
        told,
      );
    });
  }
}

test.run();
