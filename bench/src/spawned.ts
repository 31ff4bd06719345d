// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { ROOT } from '@motte/test-helpers/vectors';
import { Missing } from './outcome.js';

/** The command as it is installed. */
export const MOTTE: string = join(ROOT, 'toolchain/motte/bin/motte');

/** Runs a command and ends with its status; `times` prints what it and its children took of the CPU. */
const SHELL = '"$@" >&3; status=$?; times; exit $status';

/** As a user's shell has it: reading a file of extra certificates at every start of Node is this sandbox's own. */
export const ENV: NodeJS.ProcessEnv = { ...process.env };
delete ENV['NODE_EXTRA_CA_CERTS'];
delete ENV['NODE_OPTIONS'];

/** What became of a process. */
export interface Spawned {
  readonly wallMs: number;
  /** User and system, to 10 ms. */
  readonly cpuMs: number;
  readonly stdout: string;
}

/** Runs a command to its end. Throws Missing when what it needs is not on this machine, or an error when it fails. */
export function spawned(command: string, args: readonly string[], env: NodeJS.ProcessEnv = ENV): Spawned {
  const started = performance.now();
  const { status, output, stderr } = spawnSync('sh', ['-c', SHELL, 'sh', command, ...args], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const wallMs = performance.now() - started;
  const said = `${command} ${args.join(' ')}: exit status ${status}: ${stderr}`;
  if (status === 6 || status === 126) throw new Missing(said);
  if (status !== 0) throw new Error(said);
  const children = output[1]?.trimEnd().split('\n').at(-1) ?? '';
  const cpuMs = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + 60_000 * Number(minutes) + 1000 * Number(seconds),
    0,
  );
  return { wallMs, cpuMs, stdout: output[3] ?? '' };
}

/** Has a Node process say on descriptor 3, when it exits, how much memory it had at its highest. */
const PEAK = `
  import { writeSync } from 'node:fs';
  import { isMainThread } from 'node:worker_threads';
  if (isMainThread) process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));
`;

/** The command's standard output, and its largest resident set in bytes. */
export function peakOf(args: readonly string[]): { stdout: string; bytes: number } {
  const { status, output, stderr } = spawnSync(
    process.execPath,
    [`--import=data:text/javascript,${encodeURIComponent(PEAK)}`, MOTTE, ...args],
    { encoding: 'utf8', env: ENV, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
  );
  if (status !== 0) throw new Error(`motte ${args.join(' ')}: exit status ${status}: ${stderr}`);
  return { stdout: output[1] ?? '', bytes: 1024 * Number(output[3]) };
}
