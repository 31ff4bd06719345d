// SPDX-License-Identifier: Apache-2.0
// A database in a granted directory: what was written is there after a restart, whether the other server was a Keep's or
// not, as the file of one is the file of the other.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SuiteError } from '../error.js';
import type { Redis } from './build.js';
import { withServer } from './server.js';
import type { Where } from './server.js';

const KEYS = 500;

/** Every kind of value, a transaction, a script, and what is gone again. */
const COMMANDS = [
  ...Array.from({ length: KEYS }, (_, i) => `SET key:${i} ${'v'.repeat(i)}`),
  ...Array.from({ length: KEYS }, (_, i) => `ZADD scores ${(i * 7919) % KEYS} member:${i}`),
  ...Array.from({ length: KEYS }, (_, i) => `HSET hash:${i % 10} field:${i} ${i}`),
  'RPUSH list a b c d e',
  'LPOP list 2',
  'MULTI',
  'INCR counter',
  'APPEND key:1 more',
  'EXEC',
  `EVAL "for i = 1, 100 do redis.call('SADD', KEYS[1], i * i) end return redis.call('SCARD', KEYS[1])" 1 squares`,
  'XADD stream 1-1 field value',
  'PFADD visitors a b c',
  'SETBIT bits 4097 1',
  'DEL key:2 key:3',
];

function ask({ tree }: Redis, port: number, commands: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(join(tree, 'src/redis-cli'), ['-p', String(port)], {
    input: `${commands.join('\n')}\n`,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status !== 0) throw new SuiteError(`redis-cli: ${stderr.trim()}`);
  return stdout;
}

export interface Appended {
  /** What the clients were answered, of the writer and then of the reader. */
  readonly answers: readonly string[];
}

/** Writes with one server, ends it, and asks another over the same files. */
export async function appendOnly(
  redis: Redis,
  folder: string,
  writer: Where,
  reader: Where,
): Promise<Appended> {
  const data = join(folder, 'data');
  mkdirSync(data);
  const options = { data, args: ['--appendonly', 'yes', '--appendfsync', 'always'] };
  const answers: string[] = [];
  const digest = (port: number): string => ask(redis, port, ['DEBUG DIGEST', 'DBSIZE', 'GET key:499']);
  await withServer(writer, redis, folder, options, async (port) => {
    answers.push(ask(redis, port, COMMANDS), digest(port));
    ask(redis, port, ['SHUTDOWN NOSAVE']);
  });
  await withServer(reader, redis, folder, options, (port) => Promise.resolve(answers.push(digest(port))));
  return { answers };
}
