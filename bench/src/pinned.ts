// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';

const TASKSET = 'taskset';

/** `taskset` on this process's main thread, whose affinity is what its children begin with; nothing where there is none. */
function affinity(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(TASKSET, ['-p', ...args, `${process.pid}`], { encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}

/**
 * Runs `task` with every process that it starts on one CPU, the last that this one may use: programs that are compared, in a
 * Keep or natively, have the same one. False with it where the machine cannot.
 */
export async function onOneCpu<T>(task: (pinned: boolean) => Promise<T>): Promise<T> {
  const before = /: ([0-9a-f,]+)\s*$/.exec(affinity() ?? '')?.[1]?.replaceAll(',', '');
  if (before === undefined) return await task(false);
  const last = 1n << BigInt(BigInt(`0x${before}`).toString(2).length - 1);
  const pinned = affinity(last.toString(16)) !== undefined;
  try {
    return await task(pinned);
  } finally {
    affinity(before);
  }
}
