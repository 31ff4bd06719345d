// SPDX-License-Identifier: Apache-2.0
// The probe program in an emulated Keep on the real shim, with whatever host the test plays.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { defaultConfig } from '@motte/config/keep-toml';
import { developerSigner } from '@motte/loader/keep/developer-key';
import { prepareSgxKeep } from '@motte/loader/keep/prepare';
import { load } from '@motte/loader/load';
import { helperPath, shimPlace } from '@motte/loader/prebuilt';
import { EMULATE, INTERRUPTED, patience } from '@motte/test-helpers/emulation';
import { tempFolder } from '@motte/test-helpers/temp';
import type { KeepConfig } from '@motte/config/keep-config';
import type { PreparedKeep } from '@motte/loader/keep/prepare';
import type { End, Image, KeepStats, LoadOptions } from '@motte/loader/load';

/** shims/sgx. */
export const SHIM: string = resolve(fileURLToPath(import.meta.url), '../../../..');

/** The helper that can lie to a Keep; only tests have it. */
export const HOSTILE_HELPER: string = join(dirname(helperPath()), 'motte-helper-hostile');

/** What is missing for these tests, or nothing. */
export function lacking(): string {
  if (spawnSync('gcc-12', ['--version']).status !== 0) return 'gcc-12 is not installed';
  const unbuilt = ['sgx1.elf', 'sgx2.elf'].find((name) => !existsSync(shimPlace(name)));
  return unbuilt === undefined ? '' : `${unbuilt} is not built`;
}

function compile(names: readonly string[], out: string, ...more: readonly string[]): string {
  const sources = names.map((name) => join(SHIM, 'test/c', name));
  const args = ['-static-pie', '-O1', '-Wall', '-Wextra', '-Werror', ...more, ...sources, '-o', out];
  const built = spawnSync('gcc-12', args, { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
  return out;
}

/** The probe, compiled once a run, with the program in it that it puts in its own place. */
export function buildProbe(): string {
  const folder = tempFolder('motte-probe');
  const after = compile(
    ['after.c'],
    join(folder, 'after'),
    '-nostdlib',
    '-ffreestanding',
    '-Wl,-z,noexecstack',
  );
  const names = ['probe.c', 'probe_signals.c', 'probe_threads.c', 'probe_exec.c'];
  return compile(names, join(folder, 'probe'), `-DAFTER="${after}"`);
}

/** How a Keep ended, and what it said. */
export interface Outcome {
  readonly end: End;
  readonly out: string;
  readonly err: string;
  readonly stats: KeepStats;
}

const config = defaultConfig();
const signer = developerSigner(join(tempFolder('motte-key'), 'developer.pem'));

/** An image of `probe NAME`. The caller closes it. */
export function probeImage(exec: string, name: string, more: Partial<KeepConfig> = {}): PreparedKeep {
  return prepareSgxKeep({ exec, name: 'probe', config: { ...config, args: [name], ...more }, signer });
}

/** Runs an image to its end. */
export async function runImage(
  image: Image,
  options: LoadOptions = {},
  stdin: string = 'in\n',
): Promise<Outcome> {
  const keep = await load(image, {
    emulate: EMULATE,
    stdio: 'pipe',
    limits: { timeMs: patience(240_000) },
    ...options,
    // What single-steps the Keep is interruption enough.
    ...(options.emulation?.step === undefined ? { emulation: { ...INTERRUPTED, ...options.emulation } } : {}),
  });
  keep.stdin?.on('error', () => undefined);
  keep.stdin?.end(stdin);
  const [end, out, err, stats] = await Promise.all([
    keep.exited,
    keep.stdout === null ? '' : text(keep.stdout),
    keep.stderr === null ? '' : text(keep.stderr),
    keep.exited.then(() => keep.stats()),
  ]);
  return { end, out, err, stats };
}

/** `probe NAME` to its end. */
export async function runProbe(
  exec: string,
  name: string,
  options: LoadOptions = {},
  more: Partial<KeepConfig> = {},
): Promise<Outcome> {
  const image = probeImage(exec, name, more);
  try {
    return await runImage(image, options);
  } finally {
    image.close();
  }
}
