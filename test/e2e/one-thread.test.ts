// SPDX-License-Identifier: Apache-2.0
// A shim without threads: nothing for them is compiled in, and programs that have none run as before.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readElf } from '@motte/elf/read';
import { readSymbols, symbolTable } from '@motte/elf/symbols';
import { EMULATE_FLAG, patience } from '@motte/test-helpers/emulation';
import { program } from '@motte/test-helpers/programs';
import type { ProgramName } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';

const MOTTE = join(ROOT, 'node_modules/.bin/motte');
const FOLDER = tempFolder('motte-one-thread');
const SHIM = join(FOLDER, 'shim.elf');
const LIMIT = { cwd: ROOT, encoding: 'utf8', timeout: patience(120_000) } as const;

writeFileSync(join(FOLDER, 'shim.toml'), 'threads = false\n');
const built = spawnSync(MOTTE, ['shim', 'build', '--config', join(FOLDER, 'shim.toml'), '-o', SHIM], LIMIT);

function run(
  path: string,
  ...args: readonly string[]
): { status: number | null; stdout: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    MOTTE,
    ['run', EMULATE_FLAG, '--shim', SHIM, path, ...args],
    LIMIT,
  );
  return { status, stdout, err: stderr };
}

if (built.status !== 0 && !existsSync(join(ROOT, 'build/bearssl')))
  console.log('skipped: a shim without threads: BearSSL was not fetched (sh scripts/setup)');
else {
  test('the shim has no symbol of threads, and no lock', () => {
    assert.is(built.status, 0, built.stderr);
    const elf = readElf(readFileSync(SHIM));
    const table = symbolTable(elf);
    assert.ok(table);
    const names = [...readSymbols(elf, table)].map(({ name }) => name);
    assert.ok(names.includes('sys_futex'));
    assert.equal(
      names.filter((name) =>
        /^(sys_clone|boot_task|landing_task|task_new|core_lock|host_thread_)/.test(name),
      ),
      [],
    );
  });

  const programs: readonly ProgramName[] = ['tls-musl', 'waiting', 'timers'];
  for (const name of programs) {
    const one = program(name);
    if ('skipped' in one) {
      console.log(`skipped: ${name}: ${one.skipped}`);
      continue;
    }
    test(`${name} prints and ends as it does natively`, () => {
      const native = spawnSync(one.path, [], LIMIT);
      const inside = run(one.path);
      const status = native.status ?? 128 + constants.signals[native.signal ?? 'SIGKILL'];
      assert.equal([inside.status, inside.stdout], [status, native.stdout], inside.err);
    });
  }

  const limits = program('limits');
  if ('skipped' in limits) console.log(`skipped: a thread of a shim that has none: ${limits.skipped}`);
  else
    test('a program that asks for a thread is told that there are none', () => {
      const ran = run(limits.path, 'many', '2');
      assert.equal([ran.status, ran.stdout], [1, '0 started, then another error\n'], ran.err);
    });
}

test.run();
