// SPDX-License-Identifier: Apache-2.0
// scripts/tcg: commands in a machine that QEMU interprets, several in one boot and one by the command line.
import { tempFolder } from '@motte/test-helpers/temp';
import { TcgError } from '@motte/test-helpers/tcg/error';
import { FrameReader, frame, nulEnded } from '@motte/test-helpers/tcg/frames';
import { dependencies } from '@motte/test-helpers/tcg/kernel';
import { ownProgram } from '@motte/test-helpers/tcg/made';
import { findParts, type Parts } from '@motte/test-helpers/tcg/parts';
import { Session } from '@motte/test-helpers/tcg/session';
import { kvmTrouble, openKvm, runHere } from '@motte/test-helpers/tcg/with-kvm';
import { ROOT } from '@motte/test-helpers/vectors';
import * as fc from 'fast-check';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const TCG = join(ROOT, 'scripts/tcg');
const folder = tempFolder('motte-tcg-test');
// Every machine's files are below it: a process that names it is one of ours.
process.env['TMPDIR'] = folder;

/** What is left of machines: processes that name their folder, and the folder's files of them. */
function leftovers(): string[] {
  const commands = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      try {
        return [readFileSync(join('/proc', pid, 'cmdline'), 'latin1').replaceAll('\0', ' ')];
      } catch {
        return []; // it ended meanwhile
      }
    });
  const files = readdirSync(folder).filter((name) => name.startsWith('motte-tcg-'));
  return [...commands.filter((command) => command.includes(folder)), ...files];
}

/** What is left when killed processes had their time: the kernel has the signals, and nobody waits for their end. */
function soon(): string[] {
  const until = Date.now() + 20_000;
  while (leftovers().length > 0 && Date.now() < until) spawnSync('sleep', ['0.05']);
  return leftovers();
}

const cli = (
  args: readonly string[],
  more: { readonly input?: Uint8Array; readonly env?: NodeJS.ProcessEnv } = {},
): { status: number | null; stdout: Buffer; stderr: string } => {
  const { status, stdout, stderr } = spawnSync(TCG, args, { timeout: 280_000, maxBuffer: 1 << 26, ...more });
  return { status, stdout, stderr: stderr.toString() };
};

const bytes = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 255));

/** Each row: a command of sh, and its status or signal. */
const ENDS = [
  ['exit 0', 0, null],
  ['exit 255', 255, null],
  ['kill -SEGV $$', null, 11],
  ['kill -TERM $$', null, 15],
] as const;

async function machineOrReason(): Promise<{ parts: Parts; session: Session } | string> {
  try {
    return { parts: findParts(), session: await Session.start({ out: [join(folder, 'out')] }) };
  } catch (error) {
    if (error instanceof TcgError && error.code === 'TCG_MISSING') return error.message;
    throw error;
  }
}

const machine = await machineOrReason();
if (typeof machine === 'string') {
  console.log(`skipped: scripts/tcg: ${machine}`);
} else {
  const { parts, session } = machine;
  const sh = (script: string): ReturnType<Session['run']> => session.run(['sh', '-c', script]);

  test('a command’s end is its own', async () => {
    for (const [script, status, signal] of ENDS) {
      const ended = await sh(script);
      assert.equal([ended.status, ended.signal, ended.late], [status, signal, false], script);
    }
    for (const [path, errno] of [
      ['/no/such', 2],
      ['/etc/passwd', 13],
    ] as const) {
      const error: unknown = await session.run([path]).catch((caught: unknown) => caught);
      assert.instance(error, TcgError);
      assert.equal([(error as TcgError).code, (error as TcgError).errno], ['TCG_COMMAND', errno]);
    }
  });

  test('output, errors and input are apart, and whole', async () => {
    const input = bytes(300_000);
    const ended = await session.run(['sh', '-c', 'tee /dev/stderr'], { stdin: input });
    assert.ok(ended.stdout.equals(input), 'stdout');
    assert.ok(ended.stderr.equals(input), 'stderr');
    assert.is((await session.run(['true'], { stdin: input })).status, 0, 'input that nobody reads');
  });

  test('arguments, environment and working directory are as given', async () => {
    const env = { PATH: process.env['PATH'], ODD: 'a b\nc=d "é' };
    const ended = await session.run(['sh', '-c', 'printf "%s|" "$0" "$@" "$ODD" "$PWD"', '', '*', 'x y'], {
      env,
      cwd: ROOT,
    });
    assert.is(ended.stdout.toString(), `|*|x y|${env.ODD}|${ROOT}|`);
  });

  test('commands run side by side', async () => {
    const first = sh(
      'until read line </tmp/line; do sleep 0.1; done 2>/dev/null; echo "first: $line" | tee /tmp/answer',
    );
    const second = sh(
      'echo word >/tmp/line; until grep -q . /tmp/answer; do sleep 0.1; done 2>/dev/null; cat /tmp/answer',
    );
    for (const ended of [await second, await first]) assert.is(ended.stdout.toString(), 'first: word\n');
  });

  test('what a command leaves behind ends with it, and one that is late with all of it', async () => {
    const left = await sh('setsid sleep 1000 & echo out');
    assert.is(left.stdout.toString(), 'out\n');
    const late = await session.run(['sh', '-c', 'setsid sleep 1000 & exec sleep 1000'], { seconds: 1 });
    assert.equal([late.late, late.signal], [true, 9]);
    assert.is((await sh('grep -l sleep /proc/[0-9]*/comm')).stdout.toString(), '');
  });

  test('it can write to /tmp, and to the host only what --out names', async () => {
    const own = join(folder, 'own');
    writeFileSync(own, 'the host’s');
    const script = `
      echo mine >${own}; cat ${own}
      for there in /etc /var/lib /run/tcg/host${folder}; do echo x >$there/motte-tcg && echo wrote $there; done 2>/dev/null
      mount -o remount,rw,bind / && echo x >/etc/motte-tcg && echo wrote /etc
      echo kept >${folder}/out/file`;
    const ended = await sh(script);
    assert.is(ended.stdout.toString(), 'mine\n');
    assert.is(readFileSync(own, 'utf8'), 'the host’s');
    for (const there of ['/etc', '/var/lib', folder])
      assert.not.ok(existsSync(join(there, 'motte-tcg')), there);
    assert.is(readFileSync(join(folder, 'out/file'), 'utf8'), 'kept\n');
  });

  test('each command sees the host’s files as they are when it starts', async () => {
    for (const place of [folder, join(folder, 'out')]) {
      const file = join(place, 'changes');
      assert.is((await sh(`cat ${file}`)).status, 1);
      for (const text of ['one', 'two', 'longer']) {
        writeFileSync(file, text);
        assert.is((await sh(`cat ${file}`)).stdout.toString(), text);
      }
    }
  });

  test('/dev/kvm runs a virtual machine', async () => {
    const ended = await session.run([ownProgram('kvm-probe', parts.compiler)]);
    assert.is(ended.stdout.toString(), 'a virtual machine ran\n');
    assert.is(ended.status, 0);
  });

  test('a command whose machine ends is not run again', async () => {
    const script = `echo once >>${folder}/out/count; sync; echo o >/proc/sysrq-trigger; sleep 1000`;
    const error: unknown = await sh(script).catch((caught: unknown) => caught);
    assert.is((error as TcgError).code, 'TCG_LOST');
    assert.is(readFileSync(join(folder, 'out/count'), 'utf8'), 'once\n');
    await session.end();
    assert.equal(leftovers(), []);
  });

  test('a command that may run twice does when its machine ends, and not when it is late', async () => {
    const out = join(folder, 'out');
    const kvm = await openKvm({ kinds: ['tcg'], out: [out] });
    const turn = (name: string, first: string): readonly string[] => [
      'sh',
      '-c',
      `echo turn >>${out}/${name}; [ "$(wc -l <${out}/${name})" = 1 ] || exit 3; sync; ${first}; sleep 1000`,
    ];
    const turns = (name: string): string => readFileSync(join(out, name), 'utf8');
    try {
      const both = await Promise.all([
        kvm.runRepeatable(turn('beside', ':'), { seconds: 60 }),
        kvm.runRepeatable(turn('lost', 'sleep 1; echo o >/proc/sysrq-trigger'), { seconds: 60 }),
      ]);
      assert.equal(
        both.map(({ status, late }) => [status, late]),
        [
          [3, false],
          [3, false],
        ],
      );
      assert.is(leftovers().filter((name) => name.includes('qemu-system')).length, 1);
      assert.is((await kvm.runRepeatable(turn('late', ':'), { seconds: 2 })).late, true);
      assert.equal(['beside', 'lost', 'late'].map(turns), ['turn\nturn\n', 'turn\nturn\n', 'turn\n']);
    } finally {
      await kvm.end();
    }
    assert.equal(leftovers(), []);
  });

  test('withKvm() says of which kind it is; its machine ends with the process', () => {
    const probe = ownProgram('kvm-probe', parts.compiler);
    const script = `
      const { withKvm } = await import('@motte/test-helpers/tcg/with-kvm');
      const first = await withKvm([${JSON.stringify(probe)}]);
      const { kind } = await withKvm(['true']);
      console.log(kind === first.kind, kind, first.stdout.toString());`;
    const args = ['--input-type=module', '-e', script];
    const ran = spawnSync(process.execPath, args, {
      cwd: join(ROOT, 'test'),
      timeout: 280_000,
      encoding: 'utf8',
    });
    const kind = kvmTrouble() !== '' ? 'tcg' : existsSync('/sys/module/kvm_pvm') ? 'pvm' : 'kvm';
    assert.is(ran.stdout, `true ${kind} a virtual machine ran\n\n`, ran.stderr);
    assert.equal(soon(), []);
  });

  test('the command line passes on status, both outputs and input', () => {
    const input = bytes(70_000);
    const ran = cli(['--stats', '--', 'sh', '-c', 'cat; echo talk >&2; exit 7'], { input });
    assert.is(ran.status, 7, ran.stderr);
    assert.ok(ran.stdout.equals(input));
    assert.match(ran.stderr, /^talk\ntcg: boot \d+ ms, command \d+ ms\n$/);
    assert.equal(leftovers(), []);
  });

  test('a command that is late, and one interrupted, leave nothing', async () => {
    const late = cli(['--timeout', '1', '--', 'sleep', '1000']);
    assert.is(late.status, 124);
    assert.is(late.stderr, 'tcg: sleep was ended after 1 s\n');
    assert.equal(leftovers(), []);
    const child = spawn(TCG, ['--', 'sleep', '1000'], { stdio: 'ignore' });
    while (!leftovers().some((name) => name.includes('qemu-system')))
      await new Promise((next) => setTimeout(next, 20));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    assert.is(await ended, 130);
    assert.equal(soon(), []);
  });

  test('a boot that fails is tried once more, and told', () => {
    const fake = join(folder, 'fake');
    spawnSync('mkdir', ['-p', fake]);
    writeFileSync(
      join(fake, 'qemu-system-x86_64'),
      `#!/bin/sh\necho boot >>${fake}/boots\necho broken >&2\nexit 1\n`,
      { mode: 0o755 },
    );
    const ran = cli(['--', 'true'], { env: { ...process.env, PATH: `${fake}:${process.env['PATH']}` } });
    assert.is(ran.status, 125);
    assert.match(
      ran.stderr,
      /^tcg: the machine did not start: QEMU ended with status 1\n {2}qemu: broken\n$/,
    );
    assert.is(readFileSync(join(fake, 'boots'), 'utf8'), 'boot\nboot\n');
  });
}

test('what is missing is told with one line that brings it', () => {
  const node = join(folder, 'bin');
  spawnSync('mkdir', ['-p', node]);
  spawnSync('ln', ['-s', process.execPath, join(node, 'node')]);
  const ran = cli(['--', 'true'], { env: { PATH: node } });
  assert.is(ran.status, 125);
  assert.match(
    ran.stderr,
    /^tcg: qemu-system-x86_64.* not on this machine\. Paste: sudo apt-get install -y .*qemu-system-x86.*\n$/,
  );
});

test('a command line that is none is told with the usage', () => {
  for (const args of [
    [],
    ['true'],
    ['--'],
    ['--cpu', 'x', '--', 'true'],
    ['--cpu', '1.5', '--', 'true'],
    ['--no-such', '--', 'true'],
  ]) {
    const ran = cli(args);
    assert.is(ran.status, 64, args.join(' '));
    assert.match(ran.stderr, 'usage: scripts/tcg ');
  }
});

test('where /dev/kvm is of use commands run here', async () => {
  const trouble = kvmTrouble();
  if (trouble === '') assert.ok(['kvm', 'pvm'].includes((await openKvm()).kind));
  const input = bytes(100_000);
  const ended = await runHere(['sh', '-c', 'cat; echo err >&2; exit 9'], { stdin: input, env: process.env });
  assert.equal([ended.status, ended.signal, ended.late, ended.stderr.toString()], [9, null, false, 'err\n']);
  assert.ok(ended.stdout.equals(input));
  const late = await runHere(['sh', '-c', 'sleep 1000 & sleep 1000'], { seconds: 0.2 });
  assert.equal([late.signal, late.late], [9, true]);
});

test('frames are whole however the stream is cut', () => {
  const part = fc.record({ id: fc.nat(0xffff), word: fc.constantFrom('out', 'err'), bytes: fc.uint8Array() });
  fc.assert(
    fc.property(fc.array(part), fc.infiniteStream(fc.integer({ min: 1, max: 40 })), (parts, cuts) => {
      const stream = Buffer.concat(parts.map(({ id, word, bytes: own }) => frame(id, word, own)));
      const reader = new FrameReader();
      const found = [];
      for (let at = 0; at < stream.length;) {
        const length = cuts.next().value as number;
        found.push(...reader.push(stream.subarray(at, at + length)));
        at += length;
      }
      const text = ({ id, word, bytes: own }: { id: number; word: string; bytes: Uint8Array }): string =>
        `${id} ${word} ${Buffer.from(own).toString('hex')}`;
      assert.equal(found.map(text), parts.map(text));
    }),
  );
  for (const bad of ['x\n', '1 out\n', '1 OUT 3\n', '1'.repeat(80)])
    assert.throws(() => new FrameReader().push(Buffer.from(bad)), /^no frame: /);
  assert.throws(() => nulEnded(['a\0b']), /holds a NUL/);
});

test('a module’s dependencies are read from its .modinfo', () => {
  const module = (text: string): Buffer => Buffer.from(`\x7fELF\0license=GPL\0${text}\0name=x\0`);
  assert.equal(dependencies(module('depends=kvm,irq-bypass')), ['kvm', 'irq_bypass']);
  assert.equal(dependencies(module('depends=')), []);
  assert.equal(dependencies(module('alias=x')), []);
});

test.run();
