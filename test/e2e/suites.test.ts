// SPDX-License-Identifier: Apache-2.0
// scripts/suites over a small tree of LTP's shape, which has a test for each verdict.
import { kvmOrWhy } from '@motte/test-helpers/tcg/with-kvm';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compared, judged, readList, writeList } from '../suites/ltp/list.js';
import { complaint, difference, passes, reports } from '../suites/ltp/reports.js';
import { lacking } from '../suites/ltp/run.js';
import { readTrace } from '../suites/ltp/trace.js';
import type { Verdict } from '../suites/verdict.js';

const MINI = join(ROOT, 'test/suites/mini');

const EXPECTED = [
  ['passed', 'pass01', ''],
  ['elsewhere', 'warns01', /warns01\.c:7: TWARN: a cleanup that fails/],
  ['passed', 'option01', ''],
  ['failed', 'differs01', /differs01\.c:7: TFAIL: getpid/],
  ['failed', 'lines01', /natively lines01\.c:10: TPASS, inside lines01\.c:8: TPASS/],
  ['unsupported', 'forks01', /forks_child: makes processes/],
  ['unsupported', 'forks02', /makes processes: clone/],
  ['unsupported', 'undocumented01', /calls ioprio_get/],
  ['passed', 'nocall01', ''],
  ['elsewhere', 'silent01', /TBROK: test 0 reported nothing/],
  ['elsewhere', 'version01', /TCONF: needs Linux 99\.0/],
] as const;

interface Output {
  readonly totals: Readonly<Record<Verdict['kind'], number>>;
  readonly missing: readonly string[];
  readonly tests: readonly (Verdict & { readonly name: string })[];
}

const lack = await lacking();
if (lack !== undefined || spawnSync('make', ['--version']).status !== 0) {
  console.log(`skipped: scripts/suites: ${lack ?? 'make not on this machine'}`);
} else {
  const folder = tempFolder('motte-suites');
  const list = join(folder, 'list.txt');
  const results = join(folder, 'results.md');
  const json = join(folder, 'out.json');
  const suites = (...args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(join(ROOT, 'scripts/suites'), ['ltp', MINI, '--list', list, '--results', results, ...args], {
      encoding: 'utf8',
      timeout: 120_000,
    });

  test('each test of the tree has its verdict; a failure is never listed', () => {
    const ran = suites('--json', json, '--update');
    assert.is(ran.status, 1, ran.stderr);
    const { totals, missing, tests } = JSON.parse(readFileSync(json, 'utf8')) as Output;
    assert.equal(totals, { passed: 3, failed: 2, unsupported: 3, elsewhere: 3 });
    assert.equal(missing, ['script01']);
    for (const [i, [kind, name, why]] of EXPECTED.entries()) {
      assert.is(`${tests[i]?.kind} ${tests[i]?.name}`, `${kind} ${name}`);
      assert.match(tests[i]?.why ?? '', why);
    }
    assert.match(ran.stdout, '3 passed, 2 failed, 3 unsupported, 3 do not pass natively here, 1 not built');
    assert.equal([...readList(readFileSync(list, 'utf8')).keys()], ['forks01', 'forks02', 'undocumented01']);
    assert.match(readFileSync(results, 'utf8'), '| makes processes: clone | 1 |');
  });

  test('the list only shrinks: what passes must go, what is new must not come; a limit explains a failure', () => {
    writeFileSync(
      list,
      writeList(
        new Map([
          ['differs01', 'limit: the only process of a Keep is 1'],
          ['nocall01', 'calls nothing'],
        ]),
      ),
    );
    const ran = suites('--only', '^(differs|nocall|undocumented)01$');
    assert.is(ran.status, 1, ran.stderr);
    assert.match(ran.stdout, /^unsupported +differs01: limit: the only process of a Keep is 1$/m);
    assert.match(ran.stdout, 'listed as unsupported and passes; remove it (--update): nocall01');
    assert.match(ran.stdout, 'unsupported and not listed: undocumented01: calls ioprio_get');
    assert.not.match(ran.stdout, 'not listed: differs01');
  });

  const kvm = await kvmOrWhy();
  if (typeof kvm === 'string') console.log(`skipped: scripts/suites --tee kvm: ${kvm}`);
  else {
    await kvm.end();
    test('in Keeps on plain KVM, all in one machine', () => {
      const ran = suites(
        '--tee',
        'kvm',
        '--only',
        '^(pass|differs|forks|nocall)01$',
        '--json',
        json,
        '--list',
        join(folder, 'no-list.txt'),
      );
      assert.is(ran.status, 1, ran.stderr);
      const { tests } = JSON.parse(readFileSync(json, 'utf8')) as Output;
      assert.equal(
        tests.map(({ kind, name }) => `${kind} ${name}`),
        ['passed pass01', 'failed differs01', 'unsupported forks01', 'passed nocall01'],
      );
    });
  }

  test('the list of unsupported tests is that of SGX: --update is not for KVM', () => {
    assert.is(suites('--tee', 'kvm', '--update').status, 64);
    assert.is(suites('--tee', 'snp').status, 64);
  });

  test('as the list says it, the exit status is 0', () => {
    assert.is(suites('--only', '^pass01$').status, 0);
  });
}

test('what cannot be run is said', () => {
  for (const [args, status, said] of [
    [[], 64, 'usage: '],
    [['ltp'], 64, 'usage: '],
    [['ltp', MINI, '--jobs', '0'], 64, 'usage: '],
    [['ltp', MINI, '--only', '('], 64, 'usage: '],
    ...(lack === undefined
      ? [[['ltp', join(ROOT, 'docs')], 2, 'no source of the Linux Test Project'] as const]
      : []),
  ] as const) {
    const ran = spawnSync(join(ROOT, 'scripts/suites'), args, { encoding: 'utf8' });
    assert.is(ran.status, status, args.join(' '));
    assert.ok(ran.stderr.includes(said), ran.stderr);
  }
});

test('reports are compared by place and kind', () => {
  const native = { output: 'a.c:2: TPASS: x at 0x7f\na.c:1: TINFO: y\nt01 1 TPASS  :  old\n', end: 0 };
  assert.equal(reports(native.output), ['a.c:2: TPASS', 't01 1 TPASS']);
  assert.is(
    difference(native, { ...native, output: 't01  1  TPASS  :  other\na.c:2: TPASS: x at 0x55' }),
    undefined,
  );
  assert.match(difference(native, { output: 'a.c:2: TPASS: x', end: 0 }) ?? '', 'inside nothing more');
  assert.match(
    difference(native, { output: `${native.output}b.c:9: TCONF: z`, end: 0 }) ?? '',
    'inside also b.c:9: TCONF',
  );
  for (const output of ['a.c:1: TFAIL: x', 't01 1 TBROK  :  x', 'a.c:1: TPASS: x\na.c:2: TWARN: y']) {
    assert.not.ok(passes({ output, end: 0 }), output);
  }
  assert.not.ok(passes({ ...native, end: 'SIGSEGV' }));
  assert.is(complaint({ output: '', end: 'SIGSEGV' }), 'SIGSEGV');
});

test('a trace is read: calls once each, without the execve that starts it; what makes a process', () => {
  const start = '7 execve("/t", [...], 0x7ffd /* 3 vars */) = 0\n';
  const thread =
    '7 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88 <unfinished ...>\n7 <... clone3 resumed>) = 8\n';
  assert.equal(readTrace(`${start}7 read(0, ""..., 1) = 1\n8 read(0, "", 1) = 0\n${thread}`), {
    calls: ['clone3', 'read'],
  });
  assert.equal(
    readTrace(`${start}7 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 8\n`).forks,
    'clone',
  );
  const refused = '7 clone3({flags=0, exit_signal=0}, 0) = -1 EINVAL (Invalid argument)\n';
  assert.equal(readTrace(`${start}${refused}`), { calls: ['clone3'] });
  assert.equal(readTrace(`${start}7 vfork( <unfinished ...>\n`).forks, 'vfork');
  assert.equal(readTrace(`${start}7 restart_syscall(<... resuming>) = 0\n7 pause() = 0`).calls, ['pause']);
  assert.equal(readTrace(`${start}7 syscall_0x270f(0, 0) = -1 ENOSYS`).calls, ['syscall_0x270f']);
});

test('the list is sorted and each line has a reason', () => {
  const text = readFileSync(join(ROOT, 'test/suites/ltp/unsupported.txt'), 'utf8');
  assert.is(writeList(readList(text)), text);
  for (const bad of ['b  x\na  y\n', 'a  x\na  x\n', 'a\n', 'a x\n'])
    assert.throws(() => readList(bad), /^line \d: /);
  const failed: Verdict = { kind: 'failed', why: 'TFAIL' };
  assert.is(judged(new Map([['a', 'calls b']]), 'a', failed), failed);
  assert.equal(compared(new Map(), new Map([['a', failed]])), { better: [], worse: [] });
});

test.run();
