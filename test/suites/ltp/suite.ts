// SPDX-License-Identifier: Apache-2.0
// Runs the tests, several at a time, and says a line of each in the order of LTP's list.
import { line } from '../verdict.js';
import type { Verdict } from '../verdict.js';
import type { LtpTest } from './build.js';
import { judged } from './list.js';
import type { Unsupported } from './list.js';
import { runInKeep, runNatively } from './run.js';
import { verdict, withoutKeep } from './verdict.js';

const NATIVE_MS = 20_000;
const INSIDE_MS = 40_000;

export interface SuiteInput {
  readonly tests: readonly LtpTest[];
  readonly list: Unsupported;
  /** Names of docs/syscalls.md. */
  readonly documented: ReadonlySet<string>;
  readonly jobs: number;
  readonly say: (line: string) => void;
}

async function tried(test: LtpTest, documented: ReadonlySet<string>): Promise<Verdict> {
  const { run: native, trace } = await runNatively(test, NATIVE_MS);
  const settled = withoutKeep(native, trace);
  if (settled !== undefined) return settled;
  return verdict(native, trace, await runInKeep(test, INSIDE_MS), documented);
}

/** The verdict of each test, by name, in the order of `tests`. */
export async function runSuite(input: SuiteInput): Promise<ReadonlyMap<string, Verdict>> {
  const { tests, list, documented, say } = input;
  const found = new Map<string, Verdict>();
  let next = 0;
  let said = 0;
  const worker = async (): Promise<void> => {
    for (let test = tests[next++]; test !== undefined; test = tests[next++]) {
      found.set(test.name, judged(list, test.name, await tried(test, documented)));
      for (let first = tests[said]; first !== undefined; first = tests[++said]) {
        const settled = found.get(first.name);
        if (settled === undefined) break;
        say(line(first.name, settled));
      }
    }
  };
  await Promise.all(Array.from({ length: input.jobs }, worker));
  return new Map(tests.map(({ name }) => [name, found.get(name) as Verdict]));
}
