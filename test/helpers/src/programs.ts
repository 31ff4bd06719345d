// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './vectors.js';

/** How a test program is built: commands over OUT and SRC, and what they need. */
interface Recipe {
  readonly source: string;
  readonly needs: readonly string[];
  readonly commands: (src: string, out: string) => readonly (readonly string[])[];
}

const MUSL = '/usr/lib/x86_64-linux-musl';
const LIBGCC = '/usr/lib/gcc/x86_64-linux-gnu/12';
const CC = 'gcc-12';

const glibc =
  (...more: string[]): Recipe['commands'] =>
  (src, out) => [[CC, '-static-pie', '-O2', src, '-o', out, ...more]];

const rust: Recipe['commands'] = (src, out) => [
  [
    'rustc',
    '--edition',
    '2021',
    '-C',
    'target-feature=+crt-static',
    '-C',
    'relocation-model=pie',
    '-O',
    src,
  ].concat(['-o', out]),
];

/** Go's own linker asks for an interpreter in a PIE; the C compiler's makes a static PIE of what Go compiled. */
const go: Recipe['commands'] = (src, out) => [
  [
    'env',
    'CGO_ENABLED=1',
    `CC=${CC}`,
    `GOCACHE=${join(ROOT, 'build/go-cache')}`,
    'GO111MODULE=off',
    'go',
    'build',
  ]
    .concat([
      '-buildmode=pie',
      '-tags',
      'netgo,osusergo',
      '-ldflags',
      '-linkmode external -extldflags -static-pie',
    ])
    .concat(['-o', out, src]),
];

/** The test programs, by name. */
export type ProgramName =
  | 'tls'
  | 'tls-musl'
  | 'files'
  | 'reads'
  | 'names'
  | 'proc'
  | 'stored'
  | 'memory'
  | 'touch'
  | 'give'
  | 'hostdir'
  | 'exec'
  | 'image'
  | 'escape'
  | 'wal'
  | 'pipe'
  | 'signals'
  | 'threads'
  | 'identity'
  | 'limits'
  | 'many'
  | 'waiting'
  | 'fifo'
  | 'splice'
  | 'splice-chain'
  | 'signalfd'
  | 'timers'
  | 'clock'
  | 'asks'
  | 'closing'
  | 'net'
  | 'local'
  | 'sqlite'
  | 'lua'
  | 'rust'
  | 'rust-threads'
  | 'goroutines'
  | 'sqlite-file'
  | 'echo'
  | 'edge'
  | 'http'
  | 'http-go'
  | 'non-pie'
  | 'dynamic'
  | 'textrel';

const RECIPES: Readonly<Record<ProgramName, Recipe>> = {
  tls: { source: 'tls.c', needs: [CC], commands: glibc('-lm') },
  'tls-musl': {
    source: 'tls.c',
    needs: [CC, 'ld', `${MUSL}/rcrt1.o`],
    // Debian's musl-gcc specs know no static-PIE: they link Scrt1.o and ask for an interpreter.
    commands: (src, out) => [
      [
        CC,
        '-fPIE',
        '-O2',
        '-nostdinc',
        '-isystem',
        '/usr/include/x86_64-linux-musl',
        '-isystem',
        `${LIBGCC}/include`,
        '-c',
        src,
        '-o',
        `${out}.o`,
      ],
      ['ld', '-static', '-pie', '--no-dynamic-linker', '-z', 'text', '-z', 'relro', '-z', 'now', '-o', out]
        .concat([`${MUSL}/rcrt1.o`, `${MUSL}/crti.o`, `${out}.o`, '--start-group', `${MUSL}/libc.a`])
        .concat([`${LIBGCC}/libgcc.a`, '--end-group', `${MUSL}/crtn.o`]),
    ],
  },
  files: { source: 'files.c', needs: [CC], commands: glibc() },
  reads: { source: 'reads.c', needs: [CC], commands: glibc() },
  names: { source: 'names.c', needs: [CC], commands: glibc() },
  proc: { source: 'proc.c', needs: [CC], commands: glibc() },
  stored: { source: 'stored.c', needs: [CC], commands: glibc() },
  memory: { source: 'memory.c', needs: [CC], commands: glibc() },
  touch: { source: 'touch.c', needs: [CC], commands: glibc() },
  give: { source: 'give.c', needs: [CC], commands: glibc() },
  many: { source: 'many.c', needs: [CC], commands: glibc('-pthread') },
  exec: { source: 'exec.c', needs: [CC], commands: glibc('-pthread') },
  image: { source: 'image.c', needs: [CC], commands: glibc() },
  hostdir: { source: 'hostdir.c', needs: [CC], commands: glibc() },
  wal: { source: 'wal.c', needs: [CC, '/usr/include/sqlite3.h'], commands: glibc('-lsqlite3', '-lm') },
  escape: { source: 'escape.c', needs: [CC], commands: glibc() },
  pipe: { source: 'pipe.c', needs: [CC], commands: glibc() },
  signals: { source: 'signals.c', needs: [CC], commands: glibc('-lm') },
  net: { source: 'net.c', needs: [CC], commands: glibc() },
  local: { source: 'local.c', needs: [CC], commands: glibc('-pthread', '-w') },
  timers: { source: 'timers.c', needs: [CC], commands: glibc() },
  closing: { source: 'closing.c', needs: [CC], commands: glibc('-pthread') },
  asks: { source: 'asks.c', needs: [CC], commands: glibc('-pthread') },
  clock: { source: 'clock.c', needs: [CC], commands: glibc('-pthread') },
  threads: { source: 'threads.c', needs: [CC], commands: glibc('-pthread') },
  identity: { source: 'identity.c', needs: [CC], commands: glibc() },
  limits: { source: 'limits.c', needs: [CC], commands: glibc('-pthread') },
  fifo: { source: 'fifo.c', needs: [CC], commands: glibc('-pthread', '-w') },
  splice: { source: 'splice.c', needs: [CC], commands: glibc('-w') },
  'splice-chain': { source: 'splice-chain.c', needs: [CC], commands: glibc('-pthread', '-w') },
  signalfd: { source: 'signalfd.c', needs: [CC], commands: glibc('-pthread') },
  waiting: { source: 'waiting.c', needs: [CC], commands: glibc() },
  sqlite: { source: 'sqlite.c', needs: [CC, '/usr/include/sqlite3.h'], commands: glibc('-lsqlite3', '-lm') },
  lua: {
    source: 'lua.c',
    needs: [CC, '/usr/include/lua5.4/lua.h'],
    commands: glibc('-I/usr/include/lua5.4', '-llua5.4', '-lm'),
  },
  rust: { source: 'rust.rs', needs: ['rustc'], commands: rust },
  'rust-threads': { source: 'threads.rs', needs: ['rustc'], commands: rust },
  goroutines: { source: 'goroutines.go', needs: ['go', CC], commands: go },
  'sqlite-file': {
    source: 'sqlite-file.c',
    needs: [CC, '/usr/include/sqlite3.h'],
    commands: glibc('-lsqlite3', '-lm'),
  },
  echo: { source: 'echo.c', needs: [CC], commands: glibc() },
  edge: { source: 'edge.c', needs: [CC], commands: glibc() },
  http: { source: 'http.c', needs: [CC], commands: glibc('-pthread') },
  'http-go': { source: 'http.go', needs: ['go', CC], commands: go },
  'non-pie': {
    source: 'tls.c',
    needs: [CC],
    commands: (src, out) => [[CC, '-static', src, '-o', out, '-lm']],
  },
  dynamic: { source: 'tls.c', needs: [CC], commands: (src, out) => [[CC, src, '-o', out, '-lm']] },
  textrel: {
    source: 'textrel.c',
    needs: [CC],
    commands: (src, out) => [[CC, '-static-pie', '-Wl,-z,notext', '-Wl,--no-warnings', src, '-o', out]],
  },
};

function missing(what: string): boolean {
  if (what.startsWith('/')) return !existsSync(what);
  return spawnSync('sh', ['-c', `command -v ${what}`]).status !== 0;
}

const PROGRAMS = join(ROOT, 'test/programs');

/** What a program in C is made of beside its source: headers that several share. */
function headers(source: string): string[] {
  if (!source.endsWith('.c')) return [];
  return readdirSync(PROGRAMS)
    .filter((name) => name.endsWith('.h'))
    .sort()
    .map((name) => join(PROGRAMS, name));
}

/**
 * Builds a test program once per content of its source, the headers beside it and recipe, and gives its path; or
 * says what is missing on this machine, so that the test can print why it was skipped. Throws when the compiler
 * fails.
 */
export function program(name: ProgramName): { readonly path: string } | { readonly skipped: string } {
  const recipe = RECIPES[name];
  const lacking = recipe.needs.filter(missing);
  if (lacking.length > 0) return { skipped: `${lacking.join(', ')} not on this machine` };
  const src = join(PROGRAMS, recipe.source);
  const key = createHash('sha256');
  for (const file of [src, ...headers(recipe.source)]) key.update(readFileSync(file));
  key.update(JSON.stringify(recipe.commands('S', 'O')));
  const folder = join(ROOT, 'build/test-programs', key.digest('hex').slice(0, 16));
  const path = join(folder, name);
  if (existsSync(path)) return { path };
  mkdirSync(folder, { recursive: true });
  const part = `${path}.${process.pid}.part`;
  for (const [command = '', ...args] of recipe.commands(src, part)) {
    const built = spawnSync(command, args, { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`${name}: ${command} ${args.join(' ')}\n${built.stderr}`);
  }
  renameSync(part, path);
  return { path };
}

/** A file of `bytes` beside the test programs, for inputs that are made rather than built. */
export function madeFile(name: string, bytes: Uint8Array): string {
  const folder = join(ROOT, 'build/test-programs/made');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.${process.pid}`);
  writeFileSync(path, bytes, { mode: 0o755 });
  return path;
}
