// SPDX-License-Identifier: Apache-2.0
// Runs the tests and says a line of each in the order of LTP's list: in emulated SGX Keeps, several at a time, or in Keeps on plain
// KVM, all of them in one machine once their native runs are over.
import { line } from '../verdict.js';
import type { Verdict } from '../verdict.js';
import type { LtpTest } from './build.js';
import { runInVms } from './in-vm.js';
import { judged } from './list.js';
import type { Unsupported } from './list.js';
import type { Run } from './reports.js';
import { runInKeep, runNatively } from './run.js';
import type { Trace } from './trace.js';
import { verdict, withoutKeep } from './verdict.js';

const NATIVE_MS = 20_000;
const INSIDE_MS = 40_000;
/** On a KVM in software a system call takes 66 µs. */
const INSIDE_VM_MS = 120_000;

export interface SuiteInput {
  readonly tests: readonly LtpTest[];
  readonly list: Unsupported;
  /** Names of docs/syscalls.md. */
  readonly documented: ReadonlySet<string>;
  readonly jobs: number;
  readonly say: (line: string) => void;
}

/** What a native run came to: all that there is to say of the test, or what a Keep has to be compared with. */
type Native = { readonly settled: Verdict } | { readonly native: Run; readonly trace: Trace };

async function natively(test: LtpTest): Promise<Native> {
  const { run: native, trace } = await runNatively(test, NATIVE_MS);
  const settled = withoutKeep(native, trace);
  return settled === undefined ? { native, trace } : { settled };
}

async function inParallel<T>(
  items: readonly T[],
  jobs: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

/** The verdict of each test, by name, in the order of `tests`. */
export async function runSuite(input: SuiteInput): Promise<ReadonlyMap<string, Verdict>> {
  const { tests, list, documented, jobs, say } = input;
  const found = new Map<string, Verdict>();
  let said = 0;
  await inParallel(tests, jobs, async (test) => {
    const ran = await natively(test);
    const own =
      'settled' in ran
        ? ran.settled
        : verdict(ran.native, ran.trace, await runInKeep(test, INSIDE_MS), documented);
    found.set(test.name, judged(list, test.name, own));
    for (let first = tests[said]; first !== undefined; first = tests[++said]) {
      const settled = found.get(first.name);
      if (settled === undefined) break;
      say(line(first.name, settled));
    }
  });
  return new Map(tests.map(({ name }) => [name, found.get(name) as Verdict]));
}

/** As `runSuite`, on plain KVM. */
export async function runSuiteInVms(input: SuiteInput): Promise<ReadonlyMap<string, Verdict>> {
  const { tests, list, documented, jobs, say } = input;
  const ran = new Map<string, Native>();
  await inParallel(tests, jobs, async (test) => void ran.set(test.name, await natively(test)));
  const inside = await runInVms(
    tests.filter(({ name }) => 'native' in (ran.get(name) as Native)),
    INSIDE_VM_MS,
  );
  const of = ({ name }: LtpTest): Verdict => {
    const native = ran.get(name) as Native;
    const own =
      'settled' in native
        ? native.settled
        : verdict(native.native, native.trace, inside.get(name) as Run, documented);
    return judged(list, name, own);
  };
  const found = new Map(tests.map((test) => [test.name, of(test)]));
  for (const [name, one] of found) say(line(name, one));
  return found;
}
