// SPDX-License-Identifier: Apache-2.0
// A program that puts another in its place: as natively, where Keep.toml permits it, and what a Keep cannot run not at all.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { program } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';

const MOTTE = join(ROOT, 'node_modules/.bin/motte');
const folder = tempFolder('motte-exec');
const STRICT = process.env['MOTTE_TEST_EMULATE'] === 'strict';
const WAYS = STRICT ? [['--emulate=strict']] : [['--emulate'], ['--emulate', '--no-patch']];

function configured(exec: string): string {
  const file = join(folder, `${exec}.toml`);
  const grant = `[[files]]\npath = "/data"\nhost = "${folder}/data"\n`;
  writeFileSync(file, `args = "host"\nthreads = 9\nexec = "${exec}"\n${grant}`);
  return file;
}

/** Standard input is a pipe that stays open: one thread of the program waits for it when another replaces the program. */
async function ran(command: string, args: readonly string[]): Promise<[number | null, string]> {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 120_000,
    env: { PATH: process.env['PATH'] },
  });
  const out = text(child.stdout);
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdin.destroy();
  return [status, await out];
}

const built = program('exec');
if ('skipped' in built) console.log(`skipped: exec: ${built.skipped}`);
else {
  mkdirSync(join(folder, 'data'));
  mkdirSync(join(folder, 'native'));
  cpSync(built.path, join(folder, 'data/program'));

  for (const flags of WAYS) {
    test(`itself in its own place, in every way, ${flags.join(' ')}: as natively`, async () => {
      const native = await ran(built.path, [join(folder, 'native'), built.path]);
      assert.is(native[0], 7);
      const line = ['run', ...flags, '--config', configured('keep'), built.path, '/tmp', '/data/program'];
      assert.equal(await ran(MOTTE, line), native);
    });
  }

  // A program that is given ONE runs to its end at once; one that is not tells what execve says.
  for (const [exec, from, said] of [
    ['none', '/tmp/copy', 'EACCES'],
    ['keep', '/tmp/copy', 'runs'],
    ['none', '/data/program', 'EACCES'],
    ['keep', '/data/program', 'EACCES'],
    ['granted', '/data/program', 'runs'],
    ['granted', '/tmp/copy', 'runs'],
    // What Linux would run, and a Keep must not.
    ['keep', '/tmp/writable-code', 'ENOEXEC'],
    ['keep', '/tmp/executable-stack', 'ENOEXEC'],
    ['keep', '/tmp/no-pie', 'ENOEXEC'],
    ['keep', '/tmp/entry', 'ENOEXEC'],
    ['keep', '/tmp/cut', 'ENOEXEC'],
  ] as const) {
    test(`exec = "${exec}", ${from}: ${said}`, () => {
      const line = [
        'run',
        WAYS[0]?.[0] ?? '',
        '--config',
        configured(exec),
        built.path,
        'one',
        from,
        '/data/program',
      ];
      const result = spawnSync(MOTTE, line, { encoding: 'utf8', timeout: 60_000 });
      assert.is(result.stdout, `${said}\n`, result.stderr);
    });
  }
}

test.run();
