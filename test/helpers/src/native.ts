// SPDX-License-Identifier: Apache-2.0
// Parts of a shim as programs of this machine: the shim's own sources, and a test's C with a stand-in for the platform.
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** What a test program did. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A program; calling it runs it. */
export type NativeProgram = (args: string[], input?: Uint8Array) => Ran;

/**
 * A program made of `sources`, which are relative to `folder` as the headers' folders are; it is built in `folder`/build.
 * The sanitizers end it at the first stray access.
 */
export function nativeProgramIn(
  folder: string,
  include: readonly string[],
  name: string,
  sources: readonly string[],
): NativeProgram {
  mkdirSync(join(folder, 'build'), { recursive: true });
  const out = join(folder, 'build', name);
  const flags = [
    '-std=gnu11',
    '-O1',
    '-g',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-fno-builtin',
    '-fsanitize=undefined',
    '-fno-sanitize-recover=all',
    ...include.flatMap((one) => ['-I', one]),
  ];
  // Several test files make the same program at the same time: each finds a whole one.
  const fresh = `${out}.${process.pid}`;
  const built = spawnSync(process.env['CC'] ?? 'gcc-12', [...flags, ...sources, '-o', fresh], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`${name}: ${built.error?.message ?? built.stderr}`);
  renameSync(fresh, out);
  return (args, input = new Uint8Array()) => {
    const ran = spawnSync(out, args, { cwd: folder, input, timeout: 120_000, maxBuffer: 1 << 26 });
    return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr.toString() };
  };
}
