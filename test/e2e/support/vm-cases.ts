// SPDX-License-Identifier: Apache-2.0
// Keeps on plain KVM that have something of their host: each a run, and a look at what came of it.
import { test } from 'uvu';
import { program } from '@motte/test-helpers/programs';
import type { ProgramName } from '@motte/test-helpers/programs';
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import { ranOf } from './vm-programs.js';
import { runInVm } from './vm-run.js';
import type { VmRan, VmRun } from './vm-run.js';

/** For one Keep, and for all of them: interpreted machines are slow. */
const SECONDS = 120;
const ALL_SECONDS = 560;

/** What settings say so that /data is granted. */
export const GRANT = '[[files]]\npath = "/data"\nhost = "/data"\nmode = "rw"\n';

export interface HostCase {
  readonly name: string;
  readonly run: Omit<VmRun, 'path' | 'input' | 'seconds'> & { readonly seconds?: number };
  readonly check: (ran: VmRan, path: string) => void | Promise<void>;
}

/** Standard output, as text. */
export const outOf = ({ out }: VmRan): string => Buffer.from(out, 'base64').toString();

/** Runs the programs' cases, which may want the path of the exec file, and makes a test of each. */
export async function testCases(
  programs: readonly (readonly [ProgramName, (path: string) => readonly HostCase[]])[],
  atOnce?: number,
): Promise<void> {
  const kvm = await kvmOrWhy();
  if (typeof kvm === 'string') {
    console.log(`skipped: what Keeps on plain KVM have of their host: ${kvm}`);
    return;
  }
  const cases = programs.flatMap(([name, of]) => {
    const made = program(name);
    if ('path' in made) return of(made.path).map((one) => ({ ...one, path: made.path, program: name }));
    console.log(`skipped: ${name}: ${made.skipped}`);
    return [];
  });
  const runs = cases.map(({ run, path }) => ({ seconds: SECONDS, ...run, path, input: '' }));
  console.log(`${runs.length} Keeps and their host on: ${kvm.kind}`);
  const ran = await runInVm(kvm, runs, ALL_SECONDS, atOnce);
  await kvm.end();
  for (const [i, { name, program: of, path, check }] of cases.entries())
    test(`${of}: ${name}`, () => check(ranOf(ran.get(i)), path));
}
