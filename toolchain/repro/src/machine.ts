// SPDX-License-Identifier: Apache-2.0
// What this machine can vary.
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.js';

/** How a build can run as somebody else. */
export type OtherUser = 'setpriv' | 'userns' | 'name only';

export interface Machine {
  /** The library that shows another clock, directory order and host name; else why there is none. */
  readonly preload: string | { readonly why: string };
  readonly otherUser: OtherUser;
  /** The CPUs that we may run on, and whether taskset is there. */
  readonly cpus: readonly number[];
  readonly taskset: boolean;
  /** Another Node than the one on PATH, with its version. */
  readonly node: { readonly path: string; readonly version: string; readonly first: string } | undefined;
  /** A locale other than C that libc has. */
  readonly locale: string | undefined;
  readonly zones: boolean;
  /** glibc on x86-64: GLIBC_TUNABLES can hide CPU features. */
  readonly tunables: boolean;
}

/** The numbers of a list such as `0-3,8`. */
export function parseCpuList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    });
}

function allowedCpus(): number[] {
  const line = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return parseCpuList(line ?? '0');
}

/** Where the preloaded library's source is: in this package, in a clone, or beside the bundled command's own package. */
const PRELOAD_SOURCES = [
  'native/vary.c',
  'toolchain/repro/native/vary.c',
  '@motte/repro/native/vary.c',
  'node_modules/@motte/repro/native/vary.c',
];

function preloadSource(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const found = PRELOAD_SOURCES.map((name) => join(folder, name)).find((path) => existsSync(path));
    if (found !== undefined) return found;
    if (dirname(folder) === folder) return undefined;
  }
}

async function buildPreload(folder: string): Promise<Machine['preload']> {
  const source = preloadSource();
  if (source === undefined) return { why: 'vary.c is not beside this program' };
  const library = join(folder, 'vary.so');
  let why = 'there is no C compiler (cc, gcc or clang) to build the library that would';
  for (const compiler of ['cc', 'gcc', 'gcc-12', 'clang']) {
    const args = ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl', '-lpthread'];
    const { status, stderr } = await run(compiler, args);
    if (status === 0) return library;
    if (status !== 127) why = `${compiler} cannot build the library that would: ${stderr.split('\n')[0]}`;
  }
  return { why };
}

async function otherUser(): Promise<OtherUser> {
  const root = process.getuid?.() === 0;
  const trial = root
    ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'true']
    : ['unshare', '--map-root-user', 'true'];
  const [command = '', ...args] = trial;
  if ((await run(command, args)).status !== 0) return 'name only';
  return root ? 'setpriv' : 'userns';
}

/** Where version managers and hosted CI runners keep their Nodes, a version a folder. */
const NODE_FOLDERS = [
  [`${homedir()}/.nvm/versions/node`, 'bin/node'],
  [`${homedir()}/.volta/tools/image/node`, 'bin/node'],
  [`${homedir()}/.local/share/fnm/node-versions`, 'installation/bin/node'],
  ['/opt/hostedtoolcache/node', 'x64/bin/node'],
  ['/usr/local/n/versions/node', 'bin/node'],
] as const;

async function findNode(wanted: string | undefined): Promise<Machine['node']> {
  const versionOf = async (path: string): Promise<string | undefined> => {
    const { status, stdout } = await run(path, ['--version']);
    return status === 0 ? stdout.trim() : undefined;
  };
  const first = await versionOf('node');
  const onPath = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'node'));
  const managed = NODE_FOLDERS.flatMap(([folder, name]) =>
    existsSync(folder) ? readdirSync(folder).map((version) => join(folder, version, name)) : [],
  );
  const tried = new Set<string>();
  for (const path of wanted === undefined ? [...onPath, ...managed] : [wanted]) {
    if (!existsSync(path) || tried.has(realpathSync(path))) continue;
    tried.add(realpathSync(path));
    const version = await versionOf(path);
    if (version !== undefined && version !== first) return { path, version, first: first ?? 'none' };
  }
  return undefined;
}

async function findLocale(): Promise<string | undefined> {
  const { stdout } = await run('locale', ['-a']);
  return stdout.split('\n').find((name) => name !== '' && !/^(C|POSIX)\b/.test(name));
}

/** Looks at what the machine can vary; the library is built into `folder`. */
export async function probe(folder: string, node?: string): Promise<Machine> {
  const [preload, user, taskset, otherNode, locale, libc] = await Promise.all([
    buildPreload(folder),
    otherUser(),
    run('taskset', ['--version']),
    findNode(node),
    findLocale(),
    run('getconf', ['GNU_LIBC_VERSION']),
  ]);
  return {
    preload,
    otherUser: user,
    cpus: allowedCpus(),
    taskset: taskset.status === 0,
    node: otherNode,
    locale,
    zones: existsSync('/usr/share/zoneinfo/Asia/Kathmandu'),
    tunables: process.arch === 'x64' && libc.stdout.startsWith('glibc'),
  };
}
