// SPDX-License-Identifier: Apache-2.0

/** What two builds differ in, in the order in which it is told. */
export const VARIATIONS = [
  'path',
  'user',
  'umask',
  'locale',
  'timezone',
  'clock',
  'order',
  'parallelism',
  'cpu',
  'node',
  'host',
  'environment',
] as const;

export type Variation = (typeof VARIATIONS)[number];

/** One of them on this machine: how it differs between the builds, or why it does not. */
export type Varied =
  | { readonly name: Variation; readonly varied: true; readonly first: string; readonly second: string }
  | { readonly name: Variation; readonly varied: false; readonly why: string };

/** Why a file differs, as far as that can be told. */
export type Cause =
  | Variation
  /** A file's time that was written into an archive. */
  | 'mtime'
  /** A build-id, which is random or a hash of something that was removed since. */
  | 'build-id'
  | 'compiler'
  /** Two builds in the same environment differ as well. */
  | 'random'
  | 'unknown';

/** What each cause means, and what usually removes it; docs/reproducible.md prints it. */
export const CAUSES: Readonly<Record<Cause, { readonly means: string; readonly fix: string }>> = {
  path: {
    means: 'The folder of the build is in the file.',
    fix: 'Compile with -ffile-prefix-map=$PWD=. and relative names; no absolute path in generated files.',
  },
  user: { means: 'Who builds is in the file.', fix: 'tar --owner=0 --group=0 --numeric-owner; no $USER.' },
  umask: {
    means: 'Permission bits depend on the umask.',
    fix: 'tar --mode=u=rwX,go=rX; install -m instead of cp.',
  },
  locale: { means: 'Sorting or formatting follows the locale.', fix: 'LC_ALL=C sort; no localeCompare().' },
  timezone: { means: 'A time is written in the local zone.', fix: 'Write UTC: date -u, toISOString().' },
  clock: {
    means: 'The time of the build is in the file.',
    fix: 'Use SOURCE_DATE_EPOCH, or leave the time out; compilers honour it for __DATE__.',
  },
  order: {
    means: 'Files are taken in the order in which the directory lists them.',
    fix: 'Sort: find … | LC_ALL=C sort, $(sort $(wildcard …)), readdir().sort(), tar --sort=name.',
  },
  parallelism: {
    means: 'The number of CPUs or jobs, or which job ends first, is in the file.',
    fix: 'Collect results in the order of their inputs; fix the number of codegen units or shards.',
  },
  cpu: {
    means: 'The features of the CPU are in the file.',
    fix: 'Name the CPU: -march=x86-64-v2, never native.',
  },
  node: { means: 'Another version of Node gives other bytes.', fix: 'Pin Node, in .nvmrc and in CI.' },
  host: { means: 'The name of the machine is in the file.', fix: 'Leave it out.' },
  environment: {
    means: 'HOME or another variable of the environment is in the file.',
    fix: 'Set what the build depends on in the build itself; leave the rest out.',
  },
  mtime: {
    means: 'An archive holds times of files.',
    fix: 'tar --mtime=@$SOURCE_DATE_EPOCH, gzip -n, ar D, zip -X after touch -d @$SOURCE_DATE_EPOCH.',
  },
  'build-id': {
    means: 'The build-id alone differs: it is random, or a hash of what was stripped.',
    fix: '-Wl,--build-id=sha1 or none; the reason for a hash is in the file before it was stripped.',
  },
  compiler: { means: 'Another version of the compiler has built it.', fix: 'Pin the compiler.' },
  random: {
    means: 'Two builds in the same environment differ too: random numbers, addresses, uninitialised memory.',
    fix: 'Seed it, or sort what comes out of a hash table; names of temporary files do not belong in outputs.',
  },
  unknown: { means: 'None of the others alone.', fix: 'Compare the two files where the report points.' },
};
