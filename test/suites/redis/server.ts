// SPDX-License-Identifier: Apache-2.0
// A Redis server, natively or in a Keep, until the caller is done with it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@motte/test-helpers/port';
import { ROOT } from '@motte/test-helpers/vectors';
import { SuiteError } from '../error.js';
import type { Redis } from './build.js';

export type Where = 'native' | 'keep';

const MOTTE = join(ROOT, 'toolchain/motte/bin/motte');
const START_MS = 30_000;

export interface ServerOptions {
  /** A directory of this machine for the database; a Keep sees it at /data. */
  readonly data?: string;
  readonly args?: readonly string[];
}

function keepToml(port: number, args: readonly string[], data: string | undefined): string {
  const files = ['[[files]]', 'path = "/data"', 'mode = "rw"', `host = ${JSON.stringify(data)}`];
  return [
    'memory = "1GiB"',
    'threads = 8',
    `args = ${JSON.stringify(args)}`,
    '[[listen]]',
    'name = "redis"',
    `address = "127.0.0.1:${port}"`,
    ...(data === undefined ? [] : files),
    '',
  ].join('\n');
}

/** Starts a server with its files in `folder`, gives its port to `use`, and ends it. */
export async function withServer<T>(
  where: Where,
  { server }: Redis,
  folder: string,
  { data, args: more = [] }: ServerOptions,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const port = await freePort();
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--enable-debug-command',
    'yes',
    ...more,
  ];
  if (data !== undefined) args.push('--dir', where === 'native' ? data : '/data');
  const config = join(folder, 'Keep.toml');
  writeFileSync(config, keepToml(port, args, data));
  const [command, line] =
    where === 'native'
      ? [server, args]
      : [process.execPath, [MOTTE, 'run', '--emulate', '--config', config, server]];
  const child = spawn(command, line, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const ended = once(child, 'exit');
  const ready = new Promise<boolean>((resolve) => {
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-4000);
      if (said.includes('Ready to accept connections')) resolve(true);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void ended.then(() => resolve(false));
    setTimeout(() => resolve(false), START_MS).unref();
  });
  try {
    if (!(await ready)) throw new SuiteError(`redis-server (${where}) does not start: ${said.trim()}`);
    return await use(port);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}
