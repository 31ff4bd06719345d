// SPDX-License-Identifier: Apache-2.0
// Builds LTP's system-call tests with the pinned compiler as static-PIE, with a runner that makes no processes, in a copy of
// the source: nothing is installed, and DIR stays as it is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { SuiteError } from '../error.js';

export interface LtpTest {
  /** As `runtest/syscalls` names it. */
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
}

export interface Ltp {
  /** What the source calls itself. */
  readonly version: string;
  readonly tests: readonly LtpTest[];
  /** A program that does nothing: what it calls is no test's doing. */
  readonly empty: string;
  /** Tests of `runtest/syscalls` whose program is a script, or was not built on this machine. */
  readonly missing: readonly string[];
}

const CC = 'gcc-12';
const CFLAGS = '-O1 -fPIE';

/** 1,300 links: debug information and the linker's plug-in are half of the time, and mold, where it is, needs an eighth of ld's. */
function linkFlags(): string {
  const mold = spawnSync('mold', ['--version']).status === 0 ? ' -fuse-ld=mold' : '';
  return `-static-pie -Wl,-S -fno-use-linker-plugin${mold}`;
}
const SYSCALLS = 'testcases/kernel/syscalls';

function run(log: string, cwd: string, command: string, ...args: string[]): boolean {
  const out = openSync(log, 'a');
  try {
    const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', out, out] });
    if (error !== undefined) throw new SuiteError(`${command}: ${error.message}`);
    return status === 0;
  } finally {
    closeSync(out);
  }
}

function must(log: string, cwd: string, command: string, ...args: string[]): void {
  if (!run(log, cwd, command, ...args))
    throw new SuiteError(`${command} ${args.join(' ')} failed; see ${log}`);
}

/** Names of the runner's files, which LTP's makefile finds by themselves: it compiles all C files of `lib`. */
function runnerFiles(runner: string): readonly string[] {
  return readdirSync(runner).toSorted();
}

function copySource(dir: string, runner: string, to: string): void {
  cpSync(dir, to, { recursive: true, filter: (path) => basename(path) !== '.git' });
  rmSync(join(to, 'lib/tst_test.c'));
  for (const file of runnerFiles(runner)) cpSync(join(runner, file), join(to, 'lib', file));
}

function isElf(path: string): boolean {
  if (!existsSync(path)) return false;
  const file = openSync(path, 'r');
  try {
    const magic = Buffer.alloc(4);
    return readSync(file, magic, 0, 4, 0) === 4 && magic.toString('latin1') === '\x7fELF';
  } finally {
    closeSync(file);
  }
}

/** Paths of the programs under the tests' folder, by name. */
function programs(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.includes('.') && isElf(join(entry.parentPath, entry.name)),
  );
  return new Map(files.map((entry) => [entry.name, join(entry.parentPath, entry.name)]));
}

/** Reads a list of LTP: `NAME COMMAND [ARGUMENT...]`, and # before comments. */
function listed(dir: string, folder: string): Pick<Ltp, 'tests' | 'missing'> {
  const built = programs(folder);
  const tests: LtpTest[] = [];
  const missing: string[] = [];
  for (const line of readFileSync(join(dir, 'runtest/syscalls'), 'utf8').split('\n')) {
    const [name = '', command = '', ...args] = line.split(/\s+/).filter((word) => word !== '');
    if (name === '' || name.startsWith('#')) continue;
    const path = built.get(command);
    if (path === undefined) missing.push(name);
    else tests.push({ name, path, args });
  }
  return { tests, missing };
}

/**
 * Builds the tests of the LTP source in `dir` below `under`, once for each content of version and runner. Throws
 * SuiteError, which says what is missing.
 */
export function buildLtp(dir: string, runner: string, under: string, jobs: number): Ltp {
  const source = resolve(dir);
  if (!existsSync(join(source, 'lib/tst_test.c')) || !existsSync(join(source, SYSCALLS))) {
    throw new SuiteError(
      `${dir}: no source of the Linux Test Project (sought lib/tst_test.c and ${SYSCALLS})`,
    );
  }
  if (!existsSync(join(source, 'configure'))) {
    throw new SuiteError(
      `${dir}: no configure; unpack a release archive, or run \`make autotools\` there (Debian: apt-get install autoconf automake m4 pkg-config)`,
    );
  }
  const version = readFileSync(join(source, 'VERSION'), 'utf8').trim();
  const ldflags = linkFlags();
  const key = createHash('sha256').update([source, version, CC, CFLAGS, ldflags].join('\0'));
  for (const file of runnerFiles(runner)) key.update(file).update(readFileSync(join(runner, file)));
  const tree = join(under, `ltp-${version}-${key.digest('hex').slice(0, 12)}`);
  const empty = join(tree, 'motte-empty');
  const done = join(tree, '.motte-built');
  if (!existsSync(done)) {
    rmSync(tree, { recursive: true, force: true });
    mkdirSync(tree, { recursive: true });
    copySource(source, runner, tree);
    const log = join(tree, 'motte-build.log');
    writeFileSync(`${empty}.c`, 'int main(void)\n{\n\treturn 0;\n}\n');
    must(log, tree, CC, ...CFLAGS.split(' '), ...ldflags.split(' '), `${empty}.c`, '-o', empty);
    must(log, tree, './configure', `CC=${CC}`, `CFLAGS=${CFLAGS}`, `LDFLAGS=${ldflags}`);
    must(log, tree, 'make', `-j${jobs}`, '-C', 'lib', 'DEBUG_CFLAGS=');
    // Some tests want libraries that this machine has not, or not static: the rest is built, and they are counted.
    run(log, tree, 'make', '-k', `-j${jobs}`, '-C', SYSCALLS, 'DEBUG_CFLAGS=');
    writeFileSync(done, '');
  }
  return { version, empty, ...listed(tree, join(tree, SYSCALLS)) };
}
