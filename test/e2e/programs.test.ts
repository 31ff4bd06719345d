// SPDX-License-Identifier: Apache-2.0
// Real programs, unmodified: what they print and how they end is what they print and how they end natively.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { sameBytes } from '@motte/test-helpers/bytes';
import { EMULATE_FLAG, patience, whenStrict, withoutFaulting } from '@motte/test-helpers/emulation';
import { madeFile, program } from '@motte/test-helpers/programs';
import type { ProgramName } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { programRuns } from './support/program-runs.js';
import type { ProgramRun } from './support/program-runs.js';

const MOTTE = join(ROOT, 'node_modules/.bin/motte');
const FOLDER = tempFolder('motte-programs');
const RUNS = programRuns(FOLDER);

function ways({ strict }: ProgramRun): readonly (readonly string[])[] {
  const plain = [
    ['--emulate'],
    ['--emulate', '--no-patch'],
    ...(strict === true ? [['--emulate=strict']] : []),
  ];
  return whenStrict([['--emulate=strict']], plain);
}

/** The options of `motte run` for what Keep.toml says. */
function configured(name: string, keep: string | undefined): readonly string[] {
  if (keep === undefined) return [];
  const file = join(FOLDER, `${name}.toml`);
  writeFileSync(file, `args = "host"\nenv = "host"\n${keep}`);
  return ['--config', file];
}

for (const run of RUNS) {
  const { program: name, args = [], stdin = Buffer.alloc(0), natively = args, keep } = run;
  const built = program(name);
  if ('skipped' in built) {
    console.log(`skipped: ${name}: ${built.skipped}`);
    continue;
  }
  for (const flags of ways(run)) {
    test(`${name} ${flags.join(' ')} prints and ends as it does natively`, () => {
      const options = { input: stdin, maxBuffer: 1 << 26, timeout: patience(120_000) };
      for (const file of ['t.db', 'u.db'])
        for (const end of ['', '-wal', '-shm']) rmSync(join(FOLDER, `${file}${end}`), { force: true });
      const native = spawnSync(built.path, natively, { ...options, env: { K: 'value' } });
      const more = [...flags, ...configured(name, keep), '--env', 'K=value'];
      const line = ['run', ...more, built.path, ...args];
      const inside = spawnSync(MOTTE, line, options);
      const talk = inside.stderr.toString();
      assert.match(talk, /^sgx \(emulated\) · mrenclave [0-9a-f]{4,64}….* measured.*\n/);
      sameBytes(inside.stdout, native.stdout, 'stdout');
      const said = withoutFaulting(talk.slice(talk.indexOf('\n') + 1));
      sameBytes(Buffer.from(said), native.stderr, 'stderr');
      const signal = native.signal === null ? 0 : constants.signals[native.signal];
      assert.is(inside.status, native.status ?? 128 + signal);
    });
  }
}

const limits = program('limits');
if ('skipped' in limits) console.log(`skipped: more threads than there are: ${limits.skipped}`);
else {
  for (const [what, args, status, said] of [
    [
      '64 threads of a Keep that has 8: those that there are, then EAGAIN',
      ['many', '64'],
      0,
      '7 started, then EAGAIN\n',
    ],
    ['two threads that wait for each other without an end: SIGABRT', ['deadlock'], 134, 'waiting\n'],
  ] as const) {
    test(what, () => {
      const config = configured('limits', 'threads = 8\n');
      const line = ['run', EMULATE_FLAG, ...config, limits.path, ...args];
      const ran = spawnSync(MOTTE, line, { encoding: 'utf8', timeout: patience(60_000) });
      assert.equal([ran.status, ran.stdout], [status, said], ran.stderr);
    });
  }
}

function pathOf(name: ProgramName): string {
  const built = program(name);
  if ('skipped' in built) throw new Error(built.skipped);
  return built.path;
}

for (const [what, args, status, said] of [
  ['ends the program', [], 141, ''],
  ['is ignored', ['ignore'], 3, 'write: Broken pipe\n'],
  ['has a handler', ['handle'], 3, 'signal 13\nwrite: Broken pipe\n'],
] as const) {
  test(`SIGPIPE ${what}`, () => {
    // The reader takes one line and goes.
    const script = `("$0" run ${EMULATE_FLAG} "$@"; echo "status $?" >&2) | head -n 1`;
    const ran = spawnSync('sh', ['-c', script, MOTTE, pathOf('pipe'), ...args], {
      encoding: 'utf8',
      timeout: patience(60_000),
    });
    assert.is(ran.stdout, 'line\n');
    assert.is(ran.stderr.slice(ran.stderr.indexOf('\n') + 1), `${said}status ${status}\n`);
  });
}

const REFUSED: readonly (readonly [name: string, path: () => string, code: string])[] = [
  ['a non-PIE', () => pathOf('non-pie'), 'ELF_NOT_PIE'],
  ['a dynamic executable', () => pathOf('dynamic'), 'ELF_INTERP'],
  ['a text relocation', () => pathOf('textrel'), 'ELF_TEXTREL'],
  [
    'a truncated file',
    () => {
      const whole = readFileSync(pathOf('tls'));
      return madeFile('truncated', whole.subarray(0, whole.length / 2));
    },
    'ELF_TRUNCATED',
  ],
];

for (const [name, path, code] of REFUSED) {
  test(`${name} is refused with an error of its own`, () => {
    const ran = spawnSync(MOTTE, ['run', EMULATE_FLAG, path()], { encoding: 'utf8' });
    assert.is(ran.status, 122);
    assert.is(ran.stdout, '');
    const asked = spawnSync(MOTTE, ['measure', 'sgx', path(), '--json'], { encoding: 'utf8' });
    assert.is(asked.status, 2);
    assert.is(JSON.parse(asked.stdout).error.code, code);
    assert.is(asked.stderr.trim().split('\n').length, 1);
  });
}

test.run();
