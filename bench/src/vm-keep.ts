// SPDX-License-Identifier: Apache-2.0
// One run of a program in a Keep on plain KVM.
import { existsSync, readFileSync } from 'node:fs';
import { defaultConfig } from '@motte/config/keep-toml';
import type { KeepConfig } from '@motte/config/keep-config';
import { load, prepareVmKeep } from '@motte/loader/index';
import type { KeepStats, LoadOptions, PreparedVmKeep } from '@motte/loader/index';
import { Missing } from './outcome.js';
import { built } from './programs.js';

export const MIB: bigint = 1n << 20n;

export interface VmRun {
  readonly output: string;
  readonly stats: KeepStats;
  readonly loadMs: number;
  /** Most bytes of the helper's memory that the host had to have at once. */
  readonly peak: number;
}

export function checkKvm(): void {
  if (!existsSync('/dev/kvm'))
    throw new Missing('there is no /dev/kvm on this machine; `motte platform info` says what brings it');
}

/** A program of bench/programs. */
export function prepared(
  name: string,
  args: readonly string[] = [],
  more: Partial<KeepConfig> = {},
): PreparedVmKeep {
  return preparedExec(built(name), args, more);
}

export function preparedExec(
  exec: string,
  args: readonly string[],
  more: Partial<KeepConfig>,
): PreparedVmKeep {
  return prepareVmKeep({ tee: 'kvm', exec, config: { ...defaultConfig(), args: [...args], ...more } });
}

export async function runOnce(image: PreparedVmKeep, options: LoadOptions = {}): Promise<VmRun> {
  const keep = await load(image, {
    backend: 'kvm',
    stdio: ['ignore', 'pipe', 'inherit'],
    linger: true,
    ...options,
  });
  let output = '';
  keep.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const end = await keep.exited;
  const status = readFileSync(`/proc/${keep.pid}/status`, 'utf8');
  const stats = await keep.stats();
  await keep.close();
  if (end.ended !== 'exited' || end.status !== 0) throw new Error(`the Keep ended: ${JSON.stringify(end)}`);
  const peak = 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
  return { output, stats, loadMs: keep.loadMs, peak };
}
