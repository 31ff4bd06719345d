// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@motte/test-helpers/vectors';
import { Missing } from './outcome.js';

const SOURCES = join(ROOT, 'bench/programs');
const OUT = join(ROOT, 'build/bench');
const CC = 'gcc-12';

/** Builds a program of bench/programs as a static PIE, unless it is newer than its source; its path. */
export function built(name: string, ...more: string[]): string {
  const source = join(SOURCES, `${name}.c`);
  const out = join(OUT, name);
  if (existsSync(out) && statSync(out).mtimeMs > statSync(source).mtimeMs) return out;
  mkdirSync(OUT, { recursive: true });
  const args = ['-static-pie', '-fPIE', '-O2', '-Wall', '-Wextra', '-Werror', source, '-o', out, ...more];
  const { status, stderr, error } = spawnSync(CC, args, { encoding: 'utf8' });
  if (error !== undefined) throw new Missing(`${CC}: ${error.message}`);
  if (status !== 0) throw new Error(stderr);
  return out;
}

/** Runs a program natively and returns what it printed. */
export function native(path: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${path}: exit status ${status}: ${stderr}`);
  return stdout;
}

/** The numbers of lines `name value` that our programs print. */
export function figures(output: string): Map<string, number> {
  const lines = output.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [name = '', value = ''] = line.split(' ');
      if (!/^\d+(\.\d+)?$/.test(value)) throw new Error(`not a figure: ${line}`);
      return [name, Number(value)];
    }),
  );
}
