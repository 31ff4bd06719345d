// SPDX-License-Identifier: Apache-2.0
// Builds Redis with the pinned compiler as static-PIE, in a copy of the source: nothing is installed, and DIR stays as
// it is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { SuiteError } from '../error.js';

export interface Redis {
  readonly version: string;
  /** The copy: its own tests run there. */
  readonly tree: string;
  readonly server: string;
}

/** Redis's memory allocator is libc's: jemalloc's configure wants autotools, and no program of ours. */
const BUILD = ['MALLOC=libc', 'CC=gcc-12', 'OPTIMIZATION=-O2', 'CFLAGS=-fPIE', 'LDFLAGS=-static-pie'];
const PROGRAMS = ['redis-server', 'redis-cli', 'redis-benchmark'];

/** Builds the source in `dir` below `under`, once for each version. Throws SuiteError, which says what is missing. */
export function buildRedis(dir: string, under: string, jobs: number): Redis {
  const source = resolve(dir);
  const version = /REDIS_VERSION "([^"]+)"/.exec(
    existsSync(join(source, 'src/version.h')) ? readFileSync(join(source, 'src/version.h'), 'utf8') : '',
  )?.[1];
  if (version === undefined || !existsSync(join(source, 'runtest')))
    throw new SuiteError(`${dir}: no source of Redis (sought src/version.h and runtest)`);
  const key = createHash('sha256')
    .update([source, version, ...BUILD].join('\0'))
    .digest('hex');
  const tree = join(under, `redis-${version}-${key.slice(0, 12)}`);
  const redis = { version, tree, server: join(tree, 'src/redis-server') };
  const done = join(tree, '.motte-built');
  if (existsSync(done)) return redis;
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  cpSync(source, tree, { recursive: true, filter: (path) => basename(path) !== '.git' });
  const make = (...args: string[]): void => {
    const { status, stderr } = spawnSync('make', args, {
      cwd: join(tree, 'src'),
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    if (status !== 0)
      throw new SuiteError(
        `make ${args.join(' ')} failed: ${stderr.trim().split('\n').slice(-3).join('; ')}`,
      );
  };
  make('distclean');
  make(`-j${jobs}`, ...BUILD, ...PROGRAMS);
  writeFileSync(done, '');
  return redis;
}
