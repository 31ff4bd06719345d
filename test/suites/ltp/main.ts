// SPDX-License-Identifier: Apache-2.0
// scripts/suites ltp DIR: the Linux Test Project's system-call tests, natively and in a Keep of SGX or of plain KVM.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SERVED } from '@motte/hostcall/served';
import { ROOT } from '@motte/test-helpers/vectors';
import { SuiteError } from '../error.js';
import { totals } from '../verdict.js';
import { buildLtp } from './build.js';
import { compared, readList, updated, writeList } from './list.js';
import { resultsPage } from './results.js';
import { lacking, runNatively } from './run.js';
import { runSuite, runSuiteInVms } from './suite.js';

const RUNNER = join(ROOT, 'test/suites/ltp/runner');
const UNDER = join(ROOT, 'build/suites');

const RESULTS = join(ROOT, 'test/suites/ltp/results.md');
const SHARE = join(ROOT, 'test/suites/ltp/kvm.txt');

const USAGE = `usage: scripts/suites ltp DIR [--tee TEE] [--jobs N] [--only PATTERN] [--json FILE] [--list FILE] [--results FILE] [--update]
  DIR        the source of the Linux Test Project: an unpacked release, or a checkout after \`make autotools\`
  --tee      sgx, emulated (the default), or kvm: plain KVM of this machine, else of one of scripts/tcg; of its own accord the share in
             test/suites/ltp/kvm.txt
  --jobs     how many at a time (default: processors)
  --only     tests whose name matches this regular expression
  --json     writes each verdict there
  --list     the list of unsupported tests (default: test/suites/ltp/unsupported.txt)
  --results  the page of totals (default with --update: test/suites/ltp/results.md), written after a whole run
  --update   writes the list anew after the run, and after a whole run the page`;

interface Options {
  readonly tee: 'sgx' | 'kvm';
  readonly dir: string;
  readonly jobs: number;
  readonly only: RegExp;
  readonly json: string | undefined;
  readonly list: string;
  readonly results: string | undefined;
  readonly update: boolean;
}

/** Which tests run. */
function chosen(tee: Options['tee'], only: string | undefined): RegExp {
  if (tee === 'sgx' || only !== undefined) return new RegExp(only ?? '');
  const names = readFileSync(SHARE, 'utf8').match(/^\w+$/gm) ?? [];
  return new RegExp(`^(?:${names.join('|')})$`);
}

function options(args: readonly string[]): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        jobs: { type: 'string', default: String(availableParallelism()) },
        tee: { type: 'string', default: 'sgx' },
        only: { type: 'string' },
        json: { type: 'string' },
        list: { type: 'string', default: join(ROOT, 'test/suites/ltp/unsupported.txt') },
        results: { type: 'string' },
        update: { type: 'boolean', default: false },
      },
    });
    const [dir, ...more] = positionals;
    const jobs = Number(values.jobs);
    const { tee, only, json, results = values.update ? RESULTS : undefined } = values;
    if (dir === undefined || more.length > 0 || !Number.isInteger(jobs) || jobs < 1) return undefined;
    // The list says what SGX Keeps do not pass.
    if ((tee !== 'sgx' && tee !== 'kvm') || (tee === 'kvm' && values.update)) return undefined;
    return { ...values, dir, jobs, tee, only: chosen(tee, only), json, results };
  } catch {
    return undefined;
  }
}

/** Prints what was found; the exit status. */
async function run({
  dir,
  tee,
  jobs,
  only,
  json,
  list: listFile,
  results,
  update,
}: Options): Promise<number> {
  const lack = await lacking();
  if (lack !== undefined) throw new SuiteError(lack);
  console.error(`suites: building the tests of ${dir} below ${UNDER}`);
  const ltp = buildLtp(dir, RUNNER, UNDER, jobs);
  const list = existsSync(listFile) ? readList(readFileSync(listFile, 'utf8')) : new Map<string, string>();
  const start = await runNatively({ name: 'empty', path: ltp.empty, args: [] }, 10_000);
  const verdicts = await (tee === 'sgx' ? runSuite : runSuiteInVms)({
    tests: ltp.tests.filter(({ name }) => only.test(name)),
    list,
    // What the C library calls before main() it can do without; a Keep's documented calls are enough for it.
    documented: new Set([...SERVED.map(({ name }) => name), ...start.trace.calls]),
    jobs,
    say: (line) => console.log(line),
  });
  const sums = totals(verdicts.values());
  console.log(
    `LTP ${ltp.version}: ${sums.passed} passed, ${sums.failed} failed, ${sums.unsupported} unsupported, ${sums.elsewhere} do not pass natively here, ${ltp.missing.length} not built`,
  );
  if (json !== undefined) {
    const rows = [...verdicts].map(([name, found]) => ({ name, ...found }));
    writeFileSync(
      json,
      `${JSON.stringify({ version: ltp.version, totals: sums, missing: ltp.missing, tests: rows }, undefined, 1)}\n`,
    );
  }
  const { better, worse } = tee === 'sgx' ? compared(list, verdicts) : { better: [], worse: [] };
  if (update) writeFileSync(listFile, writeList(updated(list, verdicts)));
  if (results !== undefined && verdicts.size === ltp.tests.length)
    writeFileSync(results, resultsPage(tee, ltp, verdicts));
  for (const name of better)
    console.log(
      `listed as unsupported and passes${update ? ', removed' : '; remove it (--update)'}: ${name}`,
    );
  for (const name of worse)
    console.log(`unsupported and not listed${update ? ', added' : ''}: ${name}: ${verdicts.get(name)?.why}`);
  return sums.failed > 0 || (!update && better.length + worse.length > 0) ? 1 : 0;
}

/** The exit status: 0 as the list says, 1 something failed or differs from the list, 2 it cannot run here, 64 usage. */
export async function main(args: readonly string[]): Promise<number> {
  const [suite, ...rest] = args;
  const read = suite === 'ltp' ? options(rest) : undefined;
  if (read === undefined) {
    console.error(USAGE);
    return 64;
  }
  try {
    return await run(read);
  } catch (error) {
    if (!(error instanceof SuiteError)) throw error;
    console.error(`suites: ${error.message}`);
    return 2;
  }
}
