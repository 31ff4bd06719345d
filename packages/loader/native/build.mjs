// SPDX-License-Identifier: Apache-2.0
// Builds the native parts of the loader into packages/loader/prebuilt/PLATFORM/: the addon that maps pages
// (motte.node) and the helper process that enters Keeps (motte-helper). One compiler command each; what has not
// changed since the last build costs nothing but reading the sources.
// Usage: node packages/loader/native/build.mjs [--force]
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const NATIVE = dirname(fileURLToPath(import.meta.url));
const PACKAGE = dirname(NATIVE);
const OUT = join(PACKAGE, 'prebuilt', `${process.platform}-${process.arch}`);
const WARN = ['-O2', '-Wall', '-Wextra', '-Werror'];
// Paths of the machine that builds stay out of the binaries, and so does a build id.
const SAME = [`-ffile-prefix-map=${PACKAGE}=.`, '-Wl,--build-id=none', '-s'];
const HARD = ['-D_FORTIFY_SOURCE=2', '-Wl,-z,relro,-z,now', '-Wl,-z,noexecstack'];

/** The compiler that the environment names, else the pinned one (ADR 0002), else whatever the machine has. */
function compiler(variable, pinned, other) {
  const folders = (process.env.PATH ?? '').split(':');
  const have = (name) => folders.some((folder) => existsSync(join(folder, name)));
  return process.env[variable] ?? [pinned, other].find(have) ?? pinned;
}

const CC = compiler('CC', 'gcc-12', 'cc');
const CXX = compiler('CXX', 'g++-12', 'c++');

function include(name, folder) {
  return ['-isystem', join(PACKAGE, 'node_modules', name, folder)];
}

function filesOf(folder, pattern) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(folder, name));
}

const CPU = join(NATIVE, 'cpu');
const VM = join(NATIVE, 'vm');
const HELPER_SOURCES = [
  ...filesOf(NATIVE, /\.(c|S)$/),
  ...filesOf(VM, /\.c$/),
  ...filesOf(join(NATIVE, 'generated'), /\.c$/),
];
const CPU_SOURCES = filesOf(CPU, /\.(c|S)$/);
const HEADERS = [NATIVE, join(NATIVE, 'generated'), CPU, VM].flatMap((folder) => filesOf(folder, /\.h$/));
const INCLUDES = ['-I', NATIVE, '-I', join(NATIVE, 'generated')];

/** The emulated CPU runs between two instructions of the Keep: no vector registers, no thread-local storage, no libc. */
const CPU_FLAGS = ['-ffreestanding', '-mgeneral-regs-only', '-fno-stack-protector', '-fno-pie'];

/** The helper, and its twin that also lies, for tests. */
function helper(out, extra) {
  // Static: it starts in half the time, and runs whatever libc the machine has. Not position independent, because
  // code that may touch no register reaches the emulator's state by absolute address.
  const link = ['-std=gnu11', '-static', '-no-pie', '-fno-pie', '-pthread', ...extra];
  const cpu = ['-std=gnu11', ...CPU_FLAGS, '-r', '-nostdlib'];
  const common = [...WARN, ...SAME, ...INCLUDES];
  return {
    out,
    inputs: [...HELPER_SOURCES, ...CPU_SOURCES, ...HEADERS],
    compiler: CC,
    commands: (made) => [
      [...cpu, ...common, ...CPU_SOURCES, '-o', `${made}.cpu.o`],
      [...link, ...HARD, ...common, ...HELPER_SOURCES, `${made}.cpu.o`, '-o', made],
    ],
  };
}

const ADDON = ['-shared', '-fPIC', '-std=c++17', '-fvisibility=hidden', ...WARN, ...HARD, ...SAME];
const NAPI = ['-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS', ...include('node-addon-api', '.')];

const TARGETS = [
  {
    out: 'motte.node',
    inputs: [join(NATIVE, 'addon.cc'), join(PACKAGE, 'node_modules/node-addon-api/napi.h')],
    compiler: CXX,
    commands: (made) => [
      [...ADDON, ...NAPI, ...include('node-api-headers', 'include'), join(NATIVE, 'addon.cc'), '-o', made],
    ],
  },
  helper('motte-helper', []),
  helper('motte-helper-hostile', ['-DMOTTE_HOSTILE']),
];

/** What the output depends on: every byte that is compiled, the command, and which compiler runs it. */
function stampOf(target) {
  const hash = createHash('sha256');
  hash.update(execFileSync(target.compiler, ['--version']));
  hash.update(JSON.stringify(target.commands('OUT')).replaceAll(PACKAGE, '.'));
  for (const path of target.inputs) {
    hash.update(`${relative(PACKAGE, path)}\n`);
    hash.update(createHash('sha256').update(readFileSync(path)).digest());
  }
  return hash.digest('hex');
}

function build(target, force) {
  if (target.inputs.length === 0) return;
  const out = join(OUT, target.out);
  const stampFile = `${out}.stamp`;
  const stamp = stampOf(target);
  const have = existsSync(out) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
  if (have && !force) return;
  mkdirSync(OUT, { recursive: true });
  const fresh = join(OUT, `.${target.out}.${process.pid}`);
  try {
    for (const args of target.commands(fresh))
      execFileSync(target.compiler, args, { stdio: ['ignore', 2, 2] });
    // A rename, so that a process that runs the old file, or another build, never sees half of the new one.
    renameSync(fresh, out);
    writeFileSync(stampFile, stamp);
  } finally {
    for (const file of [fresh, `${fresh}.cpu.o`]) rmSync(file, { force: true });
  }
  process.stderr.write(`built ${relative(process.cwd(), out)}\n`);
}

try {
  for (const target of TARGETS) build(target, process.argv.includes('--force'));
} catch (error) {
  if (error.code !== 'ENOENT') throw error;
  process.stderr.write(
    `${error.path}: no such compiler. The native parts of the loader are built with g++: apt-get install g++-12\n`,
  );
  process.exitCode = 6;
}
