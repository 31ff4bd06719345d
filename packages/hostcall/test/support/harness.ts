// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fieldHeader } from '../../src/generate/c.js';
import { guestFiles } from '../../src/generate/guest.js';
import { hostFiles } from '../../src/generate/host.js';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { ROWS } from './rows.js';
import { thunks } from './thunks.js';

export const WARNINGS = ['-std=gnu11', '-Wall', '-Wextra', '-Werror'] as const;

/** Writes the C that is generated from the test's rows into a copy of the shim's folders, and returns its root. */
export function generateInto(folder: string): string {
  const shim = join(ROOT, 'shims/core');
  const files = {
    ...guestFiles(ROWS, 'core/generated'),
    ...hostFiles(ROWS, 'core/generated'),
    'core/generated/hostcall_field.h': fieldHeader(),
    'core/generated/hostcall_abi.h': `#include "${shim}/generated/hostcall_abi.h"\n`,
    'core/include/hostcall.h': `#include "${shim}/include/hostcall.h"\n`,
    'core/thunks.c': thunks(ROWS),
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return join(folder, 'core');
}

/** Runs a compiler; throws with what it said. */
export function compile(command: string, args: readonly string[]): void {
  const run = spawnSync(command, args, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')}:\n${run.error ?? run.stderr}`);
}

/** Builds the harness of `c/` over the rows of the tests and returns the program. */
export function buildHarness(sanitize: boolean): string {
  const folder = tempFolder('motte-hostcall');
  const core = generateInto(folder);
  const own = join(ROOT, 'packages/hostcall/test/c');
  const program = join(folder, 'harness');
  compile('gcc', [
    ...WARNINGS,
    ...(sanitize ? ['-O2', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'] : ['-O2']),
    `-I${own}`,
    `-I${core}/generated`,
    `-I${core}/include`,
    ...readdirSync(own)
      .filter((name) => name.endsWith('.c'))
      .map((name) => join(own, name)),
    ...readdirSync(join(core, 'generated'))
      .filter((name) => name.endsWith('.c'))
      .map((name) => join(core, 'generated', name)),
    join(core, 'thunks.c'),
    join(ROOT, 'shims/core/hostcall.c'),
    '-o',
    program,
  ]);
  return program;
}

/** Runs cases through the harness: one line of output a case. A crash or a broken invariant names its case. */
export function runCases(program: string, cases: readonly string[]): string[] {
  const run = spawnSync(program, {
    input: cases.join('\n') + '\n',
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: {
      ...process.env,
      ASAN_OPTIONS: 'detect_leaks=0:handle_sigtrap=0',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
  });
  const lines = run.stdout.split('\n').slice(0, -1);
  if (run.status !== 0 || lines.length !== cases.length) {
    const culprit = cases[Math.max(0, lines.at(-1)?.startsWith('broken') ? lines.length - 1 : lines.length)];
    throw new Error(
      `the harness ended with ${run.status ?? run.signal} in case ${lines.length}: ${culprit?.slice(0, 600)}\n${run.stderr.slice(0, 4000)}`,
    );
  }
  return lines;
}
