// SPDX-License-Identifier: Apache-2.0
// The committed page of what a whole run came to.
import { cpus, release } from 'node:os';
import { totals } from '../verdict.js';
import type { Verdict } from '../verdict.js';
import type { Ltp } from './build.js';

const MEANING = {
  passed: 'pass natively and in the Keep, with the same reports',
  failed: 'pass natively with documented calls only, and not in the Keep',
  unsupported: 'need what a Keep has not; each with its reason in `unsupported.txt`',
  elsewhere:
    'do not pass natively on this machine either (as root of a user namespace, traced), which says nothing of Keeps',
} as const;

/** Reasons without what is particular to a test, and how many tests have each, most frequent first. */
function grouped(verdicts: ReadonlyMap<string, Verdict>): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { kind, why } of verdicts.values()) {
    if (kind !== 'unsupported') continue;
    const group = /^(?:calls|limit)/.exec(why)?.[0] ?? why;
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts].toSorted((a, b) => b[1] - a[1]);
}

const GROUPS: Readonly<Record<string, string>> = {
  calls: 'makes a call that is not documented',
  limit: 'wants of a documented call what is documented not to be there',
};

const KEEPS = { sgx: 'an emulated SGX Keep', kvm: 'a Keep on plain KVM' } as const;
const COMMANDS = { sgx: 'ltp DIR --update', kvm: 'ltp DIR --tee kvm --only . --results FILE' } as const;

export function resultsPage(
  tee: keyof typeof KEEPS,
  ltp: Ltp,
  verdicts: ReadonlyMap<string, Verdict>,
): string {
  const sums = totals(verdicts.values());
  const rows = (Object.keys(MEANING) as (keyof typeof MEANING)[]).map(
    (kind) => `| ${kind} | ${sums[kind]} | ${MEANING[kind]} |`,
  );
  const failed = [...verdicts].filter(([, { kind }]) => kind === 'failed');
  const failures = failed.map(([name, { why }]) => `| ${name} | ${why.replaceAll('|', '/')} |`);
  const reasons = grouped(verdicts).map(([why, count]) => `| ${GROUPS[why] ?? why} | ${count} |`);
  return [
    `<!-- Written by scripts/suites ${COMMANDS[tee]}. -->`,
    '',
    `# The Linux Test Project in ${KEEPS[tee]}`,
    '',
    `LTP ${ltp.version}, \`runtest/syscalls\`, ${new Date().toISOString().slice(0, 10)}; ${cpus()[0]?.model.trim() ?? 'unknown'}, Linux ${release()}.`,
    `${verdicts.size} tests ran, ${ltp.missing.length} were not built (scripts, or libraries that are not there).`,
    '',
    '| verdict | tests | they |',
    '| --- | --- | --- |',
    ...rows,
    '',
    '| why unsupported | tests |',
    '| --- | --- |',
    ...reasons,
    '',
    ...(failed.length === 0 ? [] : ['| failed | why |', '| --- | --- |', ...failures, '']),
  ].join('\n');
}
