// SPDX-License-Identifier: Apache-2.0
// Tests in Keeps on plain KVM: this machine's, or that of a machine of scripts/tcg.
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import { runInVm } from '../../e2e/support/vm-run.js';
import type { VmLine } from '../../e2e/support/vm-run.js';
import { SuiteError } from '../error.js';
import type { LtpTest } from './build.js';
import type { Run } from './reports.js';
import { KEEP_ENVIRONMENT, MEMORY, THREADS } from './run.js';

const SETTINGS = `threads = ${THREADS}\nmemory = "${MEMORY >> 20n}MiB"\n`;

function runOf(line: VmLine | undefined): Run {
  if (line === undefined) return { output: '', end: 'not run in time' };
  if (line.error !== undefined) return { output: '', end: line.error };
  const output = [line.out, line.err].map((text) => Buffer.from(text, 'base64').toString()).join('');
  return {
    output,
    end: line.ended === 'exited' ? (line.status ?? 0) : `${line.ended}: ${line.reason ?? line.status}`,
  };
}

/** What each test came to, by its name. An interpreted machine is as slow for all of them together as each alone may be. */
export async function runInVms(
  tests: readonly LtpTest[],
  limitMs: number,
): Promise<ReadonlyMap<string, Run>> {
  const kvm = await kvmOrWhy();
  if (typeof kvm === 'string') throw new SuiteError(`no KVM: ${kvm}`);
  try {
    const seconds = limitMs / 1000;
    const runs = tests.map(({ path, args }) => ({
      path,
      args,
      env: KEEP_ENVIRONMENT,
      input: '',
      keep: SETTINGS,
      seconds,
    }));
    const lines = await runInVm(kvm, runs, 60 + seconds * tests.length);
    return new Map(tests.map(({ name }, i) => [name, runOf(lines.get(i))]));
  } finally {
    await kvm.end();
  }
}
