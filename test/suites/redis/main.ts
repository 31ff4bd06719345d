// SPDX-License-Identifier: Apache-2.0
// scripts/suites redis DIR: Redis, unmodified, and its own tests, natively and in a Keep.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '@motte/test-helpers/vectors';
import { readList } from '../ltp/list.js';
import type { Unsupported } from '../ltp/list.js';
import { line, totals } from '../verdict.js';
import type { Totals, Verdict } from '../verdict.js';
import { appendOnly } from './appendonly.js';
import { buildRedis } from './build.js';
import type { Redis } from './build.js';
import { withServer } from './server.js';
import type { Where } from './server.js';
import { runUnit, units } from './units.js';
import type { Reports } from './units.js';
import { judge } from './verdict.js';

const HERE = join(ROOT, 'test/suites/redis');

export const USAGE = `usage: scripts/suites redis DIR [--only PATTERN] [--list FILE] [--results FILE]
  DIR        the source of Redis 7, such as Debian's (apt-get source redis)
  --only     units whose name matches this regular expression
  --list     the list of unsupported tests (default: test/suites/redis/unsupported.txt)
  --results  writes a page of totals there`;

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'motte-redis-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function unit(redis: Redis, name: string, where: Where): Promise<Reports> {
  return inFolder((folder) => withServer(where, redis, folder, {}, (port) => runUnit(redis, name, port)));
}

/** A database written by the one and read by the other answers as one that was native all the time. */
async function database(redis: Redis): Promise<ReadonlyMap<string, Verdict>> {
  const native = await inFolder((folder) => appendOnly(redis, folder, 'native', 'native'));
  const found = new Map<string, Verdict>();
  for (const [writer, reader] of [
    ['keep', 'keep'],
    ['native', 'keep'],
    ['keep', 'native'],
  ] as const) {
    const { answers } = await inFolder((folder) => appendOnly(redis, folder, writer, reader));
    const same = JSON.stringify(answers) === JSON.stringify(native.answers);
    const verdict: Verdict = same ? { kind: 'passed', why: '' } : { kind: 'failed', why: 'other answers' };
    found.set(`appendonly: written ${writer}, read ${reader}`, verdict);
  }
  return found;
}

function page({ version }: Redis, sums: Totals): string {
  return [
    '<!-- Written by scripts/suites redis DIR --results FILE. -->',
    '',
    '# Redis in an emulated SGX Keep',
    '',
    `Redis ${version} as Debian has its source, static-PIE, unmodified; its own tests of \`unit/\` against a server in a Keep, and a`,
    'database in a granted directory, written and read in a Keep and natively.',
    `${new Date().toISOString().slice(0, 10)}; ${cpus()[0]?.model.trim() ?? 'unknown'}, Linux ${release()}.`,
    '',
    '| verdict | tests | they |',
    '| --- | --- | --- |',
    `| passed | ${sums.passed} | are well natively and in the Keep |`,
    `| failed | ${sums.failed} | are well natively only |`,
    `| unsupported | ${sums.unsupported} | are well natively only, for a reason that \`unsupported.txt\` gives |`,
    `| elsewhere | ${sums.elsewhere} | are not well natively either |`,
    '',
  ].join('\n');
}

interface Options {
  readonly dir: string;
  readonly only: RegExp;
  readonly list: string;
  readonly results: string | undefined;
}

async function run({ dir, only, list: listFile, results }: Options): Promise<number> {
  const redis = buildRedis(dir, join(ROOT, 'build/suites'), availableParallelism());
  const list: Unsupported = existsSync(listFile)
    ? readList(readFileSync(listFile, 'utf8'))
    : new Map<string, string>();
  const all: Verdict[] = [];
  const tell = (verdicts: ReadonlyMap<string, Verdict>): Totals => {
    for (const [name, found] of verdicts) if (found.kind !== 'passed') console.log(line(name, found));
    all.push(...verdicts.values());
    return totals(verdicts.values());
  };
  for (const name of units(redis).filter((one) => only.test(one))) {
    const native = await unit(redis, name, 'native');
    // A unit that needs servers of its own reports nothing of one that is there.
    if (native.size === 0) continue;
    const { passed } = tell(judge(name, native, await unit(redis, name, 'keep'), list));
    console.log(`${name}: ${passed} of ${native.size} passed`);
  }
  if (only.test('appendonly')) tell(await database(redis));
  const sums = totals(all);
  console.log(
    `Redis ${redis.version}: ${sums.passed} passed, ${sums.failed} failed, ${sums.unsupported} unsupported, ${sums.elsewhere} do not pass natively here`,
  );
  if (results !== undefined) writeFileSync(results, page(redis, sums));
  return sums.failed > 0 ? 1 : 0;
}

/** The exit status: 0 as the list says, 1 something failed, 64 usage. Throws SuiteError if it cannot run here. */
export async function redisSuite(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        only: { type: 'string', default: '' },
        list: { type: 'string', default: join(HERE, 'unsupported.txt') },
        results: { type: 'string' },
      },
    });
    const [dir, ...more] = positionals;
    if (dir === undefined || more.length > 0) throw new Error('DIR');
    options = { dir, only: new RegExp(values.only), list: values.list, results: values.results };
  } catch {
    console.error(USAGE);
    return 64;
  }
  return run(options);
}
