// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';

/** The program that makes one host call, by the name of its row; built here. Throws what the compiler says. */
export function hostcallsProgram(): string {
  const exec = join(tempFolder('motte-hostcalls'), 'hostcalls');
  const flags = ['-static-pie', '-O1', '-Wall', '-Wextra', '-Werror'];
  const built = spawnSync('gcc-12', [...flags, join(ROOT, 'test/e2e/c/hostcalls.c'), '-o', exec], {
    encoding: 'utf8',
  });
  if (built.status !== 0) throw built.error ?? new Error(built.stderr);
  return exec;
}
