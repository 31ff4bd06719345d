// SPDX-License-Identifier: Apache-2.0
// What run-in-vm.ts is asked for, and what it says.
import { fileURLToPath } from 'node:url';
import type { Lie } from '@motte/loader/helper/start';
import { TcgError } from '@motte/test-helpers/tcg/error';
import type { Kvm } from '@motte/test-helpers/tcg/with-kvm';
import type { ClientKind } from './clients.js';

/** In arguments and settings: a free TCP port; and the path of a directory of the host that is not granted. */
export const PORT = '{port}';
export const OUTSIDE = '{outside}';

export interface VmRun {
  /** `kvm` by default; `snp` is simulated. */
  readonly tee?: 'kvm' | 'snp';
  /** The exec file. */
  readonly path: string;
  readonly args: readonly string[];
  /** The environment; `K=value` by default. */
  readonly env?: readonly (readonly [name: string, value: string])[];
  /** Standard input, in base64. */
  readonly input: string;
  /** It stays open until the program's end. */
  readonly inputOpen?: boolean;
  /** What Keep.toml says beside arguments and environment. */
  readonly keep: string;
  /** What the sources of its `[[image]]` are relative to. */
  readonly folder?: string;
  readonly seconds: number;
  /** `vm` by default; `vm-debug` is that of debug Keeps. */
  readonly shim?: 'vm' | 'vm-debug';
  /** What a hostile host does; by default it is an honest one. */
  readonly lies?: readonly PlainLie[];
  /** A directory of which each Keep is granted a copy as /data, where settings grant it. */
  readonly data?: string;
  /** The host watches for host calls. */
  readonly switchless?: boolean;
  /** Who comes when the program says that it listens, and how often. */
  readonly clients?: { readonly kind: ClientKind; readonly count: number };
}

/** A Lie as JSON has it: 64-bit numbers in decimal. */
export type PlainLie = Omit<Lie, 'value' | 'at'> & { readonly value: string; readonly at?: string };

export interface VmRan {
  readonly ended: string;
  readonly status: number | null;
  readonly cause: string | null;
  readonly reason: string | null;
  /** In base64. */
  readonly out: string;
  readonly err: string;
  readonly exits: readonly (readonly [reason: number, count: number])[];
  /** Host calls, and those of them that the thread which watches has served. */
  readonly hostCalls: number;
  readonly switchless: number;
  /** CPU time of the process that ran the Keep; 0 where the host was hostile. */
  readonly cpuMs: number;
  /** Most memory that the process which ran the Keep has had at a time; 0 where the host was hostile. */
  readonly peakKiB: number;
  /** The guest's memory that the host has for it at the end. */
  readonly heldKiB: number;
  /** What the clients got. */
  readonly clients: readonly string[];
  /** The granted directory and what is beside it, afterwards (tree.ts). */
  readonly left: readonly string[];
}

export type VmLine = (VmRan & { readonly error?: undefined }) | { readonly error: string };

const RUNNER = fileURLToPath(new URL('run-in-vm.js', import.meta.url));

/** A line for each run that has ended, as far as the machine has said one: an interpreted one can stop answering. */
async function linesOf(
  kvm: Kvm,
  runs: readonly VmRun[],
  seconds: number,
  atOnce: number,
): Promise<ReadonlyMap<number, VmLine>> {
  const stdin = Buffer.from(JSON.stringify(runs));
  const said: Uint8Array[] = [];
  try {
    const stdout = (bytes: Uint8Array): void => void said.push(bytes);
    const { stderr } = await kvm.run([process.execPath, RUNNER, `${atOnce}`], { seconds, stdin, stdout });
    if (stderr.length > 0) console.log(stderr.toString());
  } catch (error) {
    if (kvm.kind !== 'tcg' || !(error instanceof TcgError)) throw error;
    console.log(`the interpreted machine is lost: ${error.message}`);
  }
  const lines = Buffer.concat(said)
    .toString()
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as VmLine & { readonly index: number });
  return new Map(lines.map((line) => [line.index, line]));
}

/**
 * Runs them where KVM is, in one process, and gives a line for each by its index; none of what was not run in time. An interpreted
 * machine has half of the time; what it did not get done, another one does.
 */
export async function runInVm(
  kvm: Kvm,
  runs: readonly VmRun[],
  seconds: number,
  atOnce = 2,
): Promise<ReadonlyMap<number, VmLine>> {
  if (kvm.kind !== 'tcg') return linesOf(kvm, runs, seconds, atOnce);
  const lines = new Map(await linesOf(kvm, runs, seconds / 2, atOnce));
  const left = [...runs.keys()].filter((i) => !lines.has(i));
  if (left.length === 0) return lines;
  console.log(`again: ${left.length} of ${runs.length} Keeps that the interpreted machine did not end`);
  await kvm.exchange();
  const again = await linesOf(
    kvm,
    left.flatMap((i) => runs[i] ?? []),
    seconds / 2,
    atOnce,
  );
  for (const [at, line] of again) lines.set(left[at] ?? at, line);
  return lines;
}
