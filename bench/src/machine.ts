// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { ROOT } from '@motte/test-helpers/vectors';

/** Where and with what a result was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly nodeOpenssl: string;
  readonly openssl: string;
  readonly compiler: string;
  readonly commit: string;
  /** Runnable processes before the run: above 1 others shared the cores, and only ratios can be trusted. */
  readonly load: number;
  /** Nice value of the session: below 0 the run was put before what else ran. */
  readonly nice: number;
  readonly date: string;
}

function firstLine(command: string, ...args: string[]): string {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', cwd: ROOT });
  return status === 0 ? (stdout.split('\n')[0] ?? '').trim() : 'none';
}

/** The kernel schedules sessions against each other by this (sched(7), autogrouping), and only within one by nice. */
function sessionNice(): number {
  try {
    return Number(/nice (-?\d+)/.exec(readFileSync('/proc/self/autogroup', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // a kernel without autogrouping
  }
}

export function machine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    nodeOpenssl: process.versions.openssl,
    openssl: firstLine('openssl', 'version'),
    compiler: firstLine('gcc-12', '--version'),
    commit: firstLine('git', 'describe', '--always', '--dirty', '--abbrev=12'),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    nice: sessionNice(),
    date: new Date().toISOString().slice(0, 19) + 'Z',
  };
}

export function machineText(m: Machine): string {
  return [
    `${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, Linux ${m.kernel}, load ${m.load}, nice ${m.nice}`,
    `Node ${m.node} (OpenSSL ${m.nodeOpenssl}), ${m.openssl}, ${m.compiler}`,
    `commit ${m.commit}, ${m.date}`,
  ].join('\n');
}
