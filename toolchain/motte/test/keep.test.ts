// SPDX-License-Identifier: Apache-2.0
// Programs through the whole command: plan, measure and run say the same, and run ends as the program does.
import { EMULATE_FLAG } from '@motte/test-helpers/emulation';
import { schemaFaults } from '@motte/test-helpers/json-schema';
import { ROOT } from '@motte/test-helpers/vectors';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MOTTE, PLACE, json, motte, refusal, schema } from './motte.js';

const folder = join(PLACE, 'keep');
mkdirSync(folder);
const here = { cwd: folder };
const at = (name: string): string => join(folder, name);

function compile(name: string, source: string): boolean {
  const out = spawnSync('gcc-12', ['-static-pie', '-O2', '-x', 'c', '-', '-o', at(name)], { input: source });
  return out.status === 0;
}

const PROGRAMS: Readonly<Record<string, string>> = {
  hello: readFileSync(join(ROOT, 'examples/c/hello.c'), 'utf8'),
  show: `
    #include <stdio.h>
    #include <string.h>
    extern char **environ;
    int main(int argc, char **argv) {
      char line[64];
      for (int i = 0; i < argc; i++) printf("arg %s\\n", argv[i]);
      for (char **e = environ; *e; e++) printf("env %s\\n", *e);
      while (fgets(line, sizeof line, stdin)) printf("in %s", line);
      fprintf(stderr, "to stderr\\n");
      return 3;
    }`,
  abort: '#include <stdlib.h>\nint main(void) { abort(); }',
  spin: '#include <stdio.h>\nint main(void) { puts("spinning"); fflush(stdout); for (volatile int i = 0;; i++); }',
};

const able = Object.entries(PROGRAMS).every(([name, source]) => compile(name, source));

/** Lines of standard error after the one that says what runs. */
function talk(stderr: string): string[] {
  const [head = '', ...rest] = stderr.trimEnd().split('\n');
  assert.match(
    head,
    /^sgx \(emulated\) · mrenclave [0-9a-f]{8}… · \d+\.\d [KM]iB measured · dev-signed( · strict, seed 0x[0-9a-f]+)?$/,
  );
  return rest;
}

const EMULATED = ['run', EMULATE_FLAG];

/** Whether a process is there and has not ended: a zombie waits for its parent alone. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** A Keep that computes for ever, its helper's process, and what was said on standard error. */
async function spinning(): Promise<{ child: ChildProcess; helper: number; said: () => string }> {
  const env = { PATH: process.env['PATH'], HOME: PLACE, XDG_CONFIG_HOME: join(PLACE, 'config') };
  const child = spawn(process.execPath, [MOTTE, ...EMULATED, './spin'], { cwd: folder, env });
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  const first = new Promise((resolve) => child.stdout.once('data', () => resolve('spinning')));
  const early = new Promise((resolve) => child.once('exit', resolve));
  assert.is(await Promise.race([first, early]), 'spinning', said);
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
  assert.is(children.length, 1);
  return { child, helper: Number(children[0]), said: () => said };
}

const tests = (): void => {
  // Made once here, so that no test's standard error tells of it.
  motte(['sign', 'sgx', 'hello', '-o', 'hello.sig'], here);

  test('measure, plan measured again, the stream, the SIGSTRUCT and run agree on MRENCLAVE', () => {
    const { measurement } = json(['measure', 'sgx', 'hello', '--sgxs', 'hello.sgxs'], 'measure sgx', here);
    assert.is(motte(['measure', 'sgx', 'hello'], here).stdout, `${String(measurement)}\n`);
    assert.is(
      createHash('sha256')
        .update(readFileSync(at('hello.sgxs')))
        .digest('hex'),
      measurement,
    );
    writeFileSync(at('hello.plan'), motte(['plan', 'hello', '--tee', 'sgx'], here).stdout);
    for (const file of ['hello.plan', 'hello.sgxs']) {
      assert.is(motte(['measure', 'sgx', file], here).stdout, `${String(measurement)}\n`);
    }
    assert.is(json(['verify', 'sigstruct', 'hello.sig'], 'verify sigstruct', here)['mrenclave'], measurement);
    const ran = motte([...EMULATED, '--stats=stats.json', './hello', 'x'], here);
    assert.equal([ran.status, ran.stdout], [0, 'hello x\n']);
    const stats = JSON.parse(readFileSync(at('stats.json'), 'utf8')) as Record<string, unknown>;
    assert.equal(schemaFaults(schema('run'), stats), []);
    assert.equal([stats['measurement'], stats['ended'], stats['status']], [measurement, 'exited', 0]);
  });

  test('the plan is NDJSON, a run of pages a line, of its schema', () => {
    const { runs, pages } = json(['plan', 'hello'], 'plan', here) as {
      runs: { pages: number; measured: boolean; kind: string }[];
      pages: { measured: number };
    };
    const lines = motte(['plan', 'hello'], here).stdout.trimEnd().split('\n');
    assert.equal(
      lines.map((line): unknown => JSON.parse(line)),
      runs,
    );
    const measured = runs.filter((run) => run.measured).reduce((sum, run) => sum + run.pages, 0);
    assert.is(measured, pages.measured);
  });

  test('a plan whose program has changed or gone is refused', () => {
    copyFileSync(at('hello'), at('copy'));
    writeFileSync(at('copy.plan'), motte(['plan', 'copy'], here).stdout);
    const bytes = readFileSync(at('copy'));
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(at('copy'), bytes);
    assert.match(refusal(['measure', 'sgx', 'copy.plan'], here), /^2 PLAN_SOURCE_CHANGED line \d+: copy /);
    const gone = readFileSync(at('hello.plan'), 'utf8').replaceAll('"file":"hello"', '"file":"gone"');
    writeFileSync(at('gone.plan'), gone);
    assert.is(refusal(['measure', 'sgx', 'gone.plan'], here), '2 FILE_ACCESS gone');
  });

  test('threads, memory and version are in MRENCLAVE; arguments and environment only in the config digest', () => {
    const measured = (toml: string): [unknown, unknown] => {
      writeFileSync(at('m.toml'), toml);
      const result = json(['measure', 'sgx', 'hello', '--config', 'm.toml'], 'measure sgx', here);
      return [result['measurement'], (result['config'] as { digest: string }).digest];
    };
    const [mrenclave, config] = measured('');
    for (const toml of ['threads = 2', 'memory = "64MiB"', '[sgx]\nversion = 1']) {
      assert.is.not(measured(toml)[0], mrenclave, toml);
    }
    for (const toml of [
      'args = ["x"]',
      'args = "host"',
      'stdin = "null"',
      '[env]\nA = "1"',
      'env = "host"',
    ]) {
      const [same, other] = measured(toml);
      assert.is(same, mrenclave, toml);
      assert.is.not(other, config, toml);
    }
  });

  test('a bare file has its own command line, and nothing of the host’s environment', () => {
    const ran = motte([...EMULATED, '--env', 'K=v', '--env=L=1=2', './show', '--tee', 'é', ''], {
      ...here,
      input: 'one\ntwo',
    });
    assert.is(ran.stdout, 'arg ./show\narg --tee\narg é\narg \nenv K=v\nenv L=1=2\nin one\nin two');
    assert.equal(talk(ran.stderr), ['to stderr']);
    assert.is(ran.status, 3);
  });

  test('with a Keep.toml argv[0] is the name alone, and only what it leaves open is the host’s', () => {
    writeFileSync(
      at('fixed.toml'),
      'args = ["x"]\nstdin = "null"\n[env]\nA = "1"\nB = { default = "b", measured = false }\n',
    );
    const line = [...EMULATED, '--config', 'fixed.toml'];
    const plain = motte([...line, './show'], { ...here, input: 'unread' });
    assert.is(plain.stdout, 'arg show\narg x\nenv A=1\nenv B=b\n');
    assert.is(motte([...line, '--env', 'B=2', './show'], here).stdout, 'arg show\narg x\nenv A=1\nenv B=2\n');
    for (const [more, field] of [
      [['./show', 'y'], 'args'],
      [['--env', 'A=2', './show'], 'env.A'],
      [['--env', 'C=2', './show'], 'env.C'],
    ] as const) {
      const ran = motte([...line, ...more], here);
      assert.equal([ran.status, ran.stdout], [122, '']);
      assert.match(ran.stderr, `motte: ${field}: `);
    }
    writeFileSync(at('open.toml'), 'args = "host"\nenv = "host"\n');
    const open = motte([...EMULATED, '--config', 'open.toml', '--env', 'X=y', './show', 'z'], here);
    assert.match(open.stdout, /^arg show\narg z\n/);
    assert.match(open.stdout, /\nenv HOME=/);
    assert.match(open.stdout, /\nenv X=y\n/);
    assert.match(open.stderr, / · args from the host · env from the host\n/);
  });

  test('a signal that ends the program is 128 + n', () => {
    assert.is(motte([...EMULATED, './abort'], here).status, 134);
  });

  test('an SGX1 layout and a debug Keep run too', () => {
    writeFileSync(at('one.toml'), 'args = ["1"]\nmemory = "16MiB"\n[sgx]\nversion = 1\ndebug = true\n');
    const ran = motte([...EMULATED, '--config', 'one.toml', './hello'], here);
    assert.equal([ran.status, ran.stdout], [0, 'hello 1\n'], ran.stderr);
    assert.match(ran.stderr, /debug: the host can read it$/m);
  });

  test('a grant that nobody serves is refused before anything runs', () => {
    writeFileSync(at('grant.toml'), '[[connect]]\nhost = "a"\nport = 1\n');
    const ran = motte([...EMULATED, '--config', 'grant.toml', './hello'], here);
    assert.equal([ran.status, ran.stdout], [122, '']);
    assert.match(ran.stderr, /^motte: connect\[0\]\.host: .*an IP address.*\[GRANT_UNSUPPORTED\]\n$/);
  });

  test('a host that watches for the host calls of an enclave is refused before anything runs', () => {
    const ran = motte([...EMULATED, '--switchless', './hello'], here);
    assert.equal([ran.status, ran.stdout], [64, '']);
    assert.match(ran.stderr, /^motte: --switchless: .*--tee kvm or snp.*found sgx/);
  });

  test('a grant that the host does not have is refused before anything runs', () => {
    writeFileSync(at('files.toml'), '[[files]]\npath = "/d"\nhost = "no-such"\n');
    const refused: [string[], number, RegExp][] = [
      [['--config', 'files.toml'], 122, /^motte: \/d: .*no-such.*ENOENT.*\[GRANT_HOST\]$/m],
      [['--config', 'files.toml', '--grant', '/e=.'], 64, /^motte: --grant: .*one of \/d/m],
      [
        ['--config', 'files.toml', '--grant', '/d=/dev/null'],
        122,
        /^motte: \/d: .*regular file.*\[GRANT_HOST\]$/m,
      ],
      [['--grant', '/d'], 64, /^motte: --grant: .*PATH=HOST/m],
      [['--grant', '/tmp=.'], 64, /^motte: --grant: .*such as \/data/m],
    ];
    for (const [options, status, message] of refused) {
      const ran = motte([...EMULATED, ...options, './hello'], here);
      assert.equal([ran.status, ran.stdout], [status, ''], options.join(' '));
      assert.match(ran.stderr, message);
    }
  });

  test('a named TEE means hardware or failure', () => {
    const machine = json(['platform', 'info'], 'platform info') as Record<
      'sgx' | 'snp' | 'kvm',
      { problems: unknown[] }
    >;
    for (const tee of ['sgx', 'snp', 'kvm'] as const) {
      const ran = motte(['run', '--tee', tee, './hello'], here);
      if (machine[tee].problems.length === 0) {
        assert.equal([ran.status, ran.stdout], [0, 'hello\n'], ran.stderr);
        continue;
      }
      assert.equal([ran.status, ran.stdout], [126, ''], ran.stderr);
      assert.match(ran.stderr, /TEE_MISSING/);
    }
  });

  for (const [who, signal, status] of [
    ['motte', 'SIGINT', 130],
    ['motte', 'SIGTERM', 143],
    ['motte', 'SIGKILL', null],
    ['its helper', 'SIGKILL', 127],
  ] as const) {
    test(`${signal} to ${who} ends the Keep with ${String(status)}, and no helper is left`, async () => {
      const { child, helper, said } = await spinning();
      const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
      if (who === 'motte') child.kill(signal);
      else process.kill(helper, signal);
      assert.is(await exit, status, said());
      for (let i = 0; i < 100 && alive(helper); i++) await new Promise((resolve) => setTimeout(resolve, 50));
      assert.not.ok(alive(helper), 'the helper is gone');
      if (status === 127) assert.match(said(), /\nmotte: .*the Keep was killed: .*\[KEEP_ENDED\]\n$/);
    });
  }

  test('statistics that cannot be written are an error, after the program’s output', () => {
    const ran = motte([...EMULATED, '--stats=/dev/full', './hello'], here);
    assert.equal([ran.status, ran.stdout], [122, 'hello\n']);
    assert.match(ran.stderr, /OUTPUT_FAILED/);
  });

  test('a shim that is no shim is refused', () => {
    assert.match(refusal(['measure', 'sgx', 'hello', '--shim', 'hello'], here), /^2 ELF_/);
    assert.is(
      refusal(['measure', 'sgx', 'hello', '--shim', '/nonexistent'], here),
      '2 FILE_ACCESS /nonexistent',
    );
  });

  test('a shim built by shim build gives the MRENCLAVE of the one that comes with Motte', () => {
    const built = json(['shim', 'build', '--tee', 'sgx', '-o', 'shim.elf'], 'shim build', here);
    const digest = createHash('sha256')
      .update(readFileSync(at('shim.elf')))
      .digest('hex');
    assert.is(built['sha256'], digest);
    const own = motte(['measure', 'sgx', 'hello', '--shim', 'shim.elf'], here).stdout;
    assert.is(own, motte(['measure', 'sgx', 'hello'], here).stdout);
  });
};

if (able) tests();
else console.log('skipped: programs in a Keep: gcc-12 is missing or links no static PIE');

test.run();
