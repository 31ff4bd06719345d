// SPDX-License-Identifier: Apache-2.0
// Redis's own tests, against a server that somebody else started (`runtest --host`).
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { SuiteError } from '../error.js';
import type { Redis } from './build.js';

/** Tests by name, and whether each is well. */
export type Reports = ReadonlyMap<string, boolean>;

const UNIT_MS = 300_000;

/** The units that a server of somebody else's can be asked for: those of `integration` start their own. */
export function units({ tree }: Redis): readonly string[] {
  const { status, stdout, error } = spawnSync('./runtest', ['--list-tests'], { cwd: tree, encoding: 'utf8' });
  if (error !== undefined || status !== 0)
    throw new SuiteError('runtest does not start: Redis’s tests need Tcl (Debian: apt-get install tcl)');
  return stdout.split('\n').filter((name) => name.startsWith('unit/'));
}

/** Reads what runtest prints: `[ok]: NAME (N ms)`, `[err]: NAME in FILE`. A name that comes twice is well if both are. */
export function readReports(text: string): Reports {
  const reports = new Map<string, boolean>();
  // eslint-disable-next-line no-control-regex
  for (const line of text.replaceAll(/\x1b\[[0-9;]*m/g, '').split('\n')) {
    const [, kind, name = ''] = /^\[(ok|err)\]: (.*?)(?: \(\d+ ms\)| in \S+)?$/.exec(line) ?? [];
    if (kind !== undefined) reports.set(name, kind === 'ok' && reports.get(name) !== false);
  }
  return reports;
}

/** Runs one unit against the server at `port` of this machine. */
export async function runUnit({ tree }: Redis, unit: string, port: number): Promise<Reports> {
  const args = ['--host', '127.0.0.1', '--port', String(port), '--single', unit, '--clients', '1'];
  // Not to stop at what is not well; and latencies are no faults.
  const child = spawn('./runtest', [...args, '--durable', '--no-latency'], {
    cwd: tree,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: UNIT_MS,
    killSignal: 'SIGKILL',
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return readReports(text);
}
