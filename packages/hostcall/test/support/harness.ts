// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fieldHeader } from '../../src/generate/c.js';
import { guestFiles } from '../../src/generate/guest.js';
import { hostFiles } from '../../src/generate/host.js';
import { promptHeader } from '../../src/generate/prompt.js';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { ROWS } from './rows.js';
import { callThunks, handlerThunks } from './thunks.js';

/** The pinned compiler of the shims (ADR 0002). */
export const CC = 'gcc-12';

/** What is missing for tests of the generated C, or nothing; the tests say it on a line `skipped: …`. */
export function lacking(): string {
  return spawnSync(CC, ['--version']).status === 0 ? '' : `${CC} is not installed`;
}

export const WARNINGS = ['-std=gnu11', '-Wall', '-Wextra', '-Werror'] as const;

/** Writes the C that is generated from the test's rows into a copy of the shim's folders, and returns its root. */
export function generateInto(folder: string): string {
  const shim = join(ROOT, 'shims/core');
  const files = {
    ...guestFiles(ROWS, 'core/generated'),
    ...hostFiles(ROWS, 'core/generated'),
    'core/generated/hostcall_field.h': fieldHeader(),
    'core/generated/hostcall_prompt.h': promptHeader(ROWS),
    'core/generated/hostcall_abi.h': `#include "${shim}/generated/hostcall_abi.h"\n`,
    'core/include/hostcall.h': `#include "${shim}/include/hostcall.h"\n`,
    'core/calls.c': callThunks(ROWS),
    'core/handlers.c': handlerThunks(ROWS),
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

/** The harness as objects, of which one can be made again from other text. */
export interface Harness {
  readonly folder: string;
  readonly flags: readonly string[];
  /** Object by C file. */
  readonly objects: ReadonlyMap<string, string>;
}

function cFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.c'))
    .map((name) => join(folder, name));
}

/** Compiles the harness of `c/` over the rows of the tests. */
export function compileHarness(sanitize: boolean): Harness {
  const folder = tempFolder('motte-hostcall');
  const core = generateInto(folder);
  const own = join(ROOT, 'packages/hostcall/test/c');
  const flags = [
    ...WARNINGS,
    '-O2',
    `-I${own}`,
    `-I${core}/generated`,
    `-I${core}/include`,
    ...(sanitize ? ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'] : []),
  ];
  const sources = [...cFiles(own), ...cFiles(core), ...cFiles(join(core, 'generated')), SHARED];
  const objects = new Map(sources.map((source, i) => [source, join(folder, `${i}.o`)]));
  for (const [source, object] of objects) compile(CC, [...flags, '-c', source, '-o', object]);
  return { folder, flags, objects };
}

/** The hand-written part of the guest. */
export const SHARED: string = join(ROOT, 'shims/core/hostcall.c');

/** Links the harness, with other text in place of that of some C files. */
export function linkHarness(harness: Harness, changed: ReadonlyMap<string, string> = new Map()): string {
  const program = join(harness.folder, 'harness');
  const objects = [...harness.objects].map(([source, object]) => {
    const text = changed.get(source);
    if (text === undefined) return object;
    const copy = join(harness.folder, 'changed.c');
    writeFileSync(copy, text);
    compile(CC, [...harness.flags, '-w', `-I${dirname(source)}`, '-c', copy, '-o', `${copy}.o`]);
    return `${copy}.o`;
  });
  compile(CC, [...harness.flags, ...objects, '-o', program]);
  return program;
}

/** The harness, built. */
export function buildHarness(sanitize: boolean): string {
  return linkHarness(compileHarness(sanitize));
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
