// SPDX-License-Identifier: Apache-2.0
// Parts of the shim as programs of this machine: the shim's own sources, and a test's C with a stand-in for the platform.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** shims/core. */
export const CORE: string = resolve(fileURLToPath(import.meta.url), '../../../..');

/** What a test program did. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A program made of `sources` of shims/core; calling it runs it. The sanitizers end it at the first stray access. */
export function nativeProgram(
  name: string,
  sources: readonly string[],
): (args: string[], input?: Uint8Array) => Ran {
  const folder = join(CORE, 'build');
  mkdirSync(folder, { recursive: true });
  const out = join(folder, name);
  const flags = [
    '-std=gnu11',
    '-O1',
    '-g',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-fno-builtin',
    '-fsanitize=undefined',
  ];
  const args = [...flags, '-fno-sanitize-recover=all', '-I', join(CORE, 'test/c'), ...sources, '-o', out];
  const built = spawnSync(process.env['CC'] ?? 'gcc-12', args, { cwd: CORE, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`${name}: ${built.error?.message ?? built.stderr}`);
  return (runArgs, input = new Uint8Array()) => {
    const ran = spawnSync(out, runArgs, { cwd: CORE, input, timeout: 120_000, maxBuffer: 1 << 26 });
    return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr.toString() };
  };
}
