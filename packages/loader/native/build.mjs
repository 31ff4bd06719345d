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
const BEARSSL = join(PACKAGE, '../../build/bearssl');
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
const SNP = join(NATIVE, 'snp');
const HELPER_SOURCES = [
  ...filesOf(NATIVE, /\.(c|S)$/),
  ...filesOf(VM, /\.c$/),
  ...filesOf(SNP, /\.c$/),
  ...filesOf(join(NATIVE, 'generated'), /\.c$/),
];
const CPU_SOURCES = filesOf(CPU, /\.(c|S)$/);
const HEADERS = [NATIVE, join(NATIVE, 'generated'), CPU, VM, SNP].flatMap((folder) =>
  filesOf(folder, /\.h$/),
);
const INCLUDES = ['-I', NATIVE, '-I', join(NATIVE, 'generated'), '-I', SNP, '-isystem', join(BEARSSL, 'inc')];

/** Of BearSSL (ADR 0006), what the firmware of a simulated SNP needs: SHA-384, HMAC, AES-256-GCM, ECDSA over P-384. */
const CRYPTO_SOURCES = [
  ...filesOf(join(BEARSSL, 'src/int'), /^i31_.*\.c$/),
  ...[
    'int/i32_div32',
    ...['ccopy', 'dec32be', 'dec32le', 'dec64be', 'enc32be', 'enc32le', 'enc64be'].map(
      (name) => `codec/${name}`,
    ),
    ...['sha2big', 'ghash_ctmul64'].map((name) => `hash/${name}`),
    'aead/gcm',
    ...['aes_ct64', 'aes_ct64_enc', 'aes_ct64_ctr'].map((name) => `symcipher/${name}`),
    ...['ec_prime_i31', 'ec_secp256r1', 'ec_secp384r1', 'ec_secp521r1'].map((name) => `ec/${name}`),
    ...['ecdsa_i31_bits', 'ecdsa_i31_vrfy_raw', 'ecdsa_i31_sign_raw'].map((name) => `ec/${name}`),
    'mac/hmac',
    'rand/hmac_drbg',
  ].map((name) => join(BEARSSL, 'src', `${name}.c`)),
];
const CRYPTO = join(OUT, 'snp-crypto.o');

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
    inputs: [...HELPER_SOURCES, ...CPU_SOURCES, ...HEADERS, CRYPTO],
    compiler: CC,
    commands: (made) => [
      [...cpu, ...common, ...CPU_SOURCES, '-o', `${made}.cpu.o`],
      [...link, ...HARD, ...common, ...HELPER_SOURCES, CRYPTO, `${made}.cpu.o`, '-o', made],
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
  {
    out: 'snp-crypto.o',
    inputs: CRYPTO_SOURCES,
    compiler: CC,
    commands: (made) => [
      // Not our code: its warnings are not ours.
      [
        '-std=gnu11',
        '-O2',
        '-w',
        '-fno-pie',
        ...SAME.slice(0, 2),
        '-r',
        '-nostdlib',
        '-I',
        join(BEARSSL, 'inc'),
        '-I',
        join(BEARSSL, 'src'),
        ...CRYPTO_SOURCES,
        '-o',
        made,
      ],
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
  const missing = target.inputs.find((path) => !existsSync(path));
  if (missing !== undefined) throw new Error(`${missing} is missing; bring BearSSL by scripts/fetch-bearssl`);
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
