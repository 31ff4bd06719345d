// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';

/** How a program ended. */
export interface Ran {
  /** Exit status; 127 when there is no such program, 128 + n after signal n. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Messages of tools are compared and shown, so they are in English whatever the machine speaks. */
const ENVIRONMENT = { LC_ALL: 'C', LANGUAGE: 'C' };

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], cwd?: string): Promise<Ran> {
  return new Promise((done, refuse) => {
    const child = spawn(command, args, {
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...ENVIRONMENT },
    });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (out[name] += text));
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') done({ status: 127, ...out });
      else refuse(error);
    });
    child.on('close', (status) => done({ status: status ?? 128, ...out }));
  });
}

/** Runs the tasks, `width` at a time; results are in the order of the tasks. */
export async function pool<T>(width: number, tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const out: T[] = [];
  const queue = [...tasks.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) out[next[0]] = await next[1]();
  };
  await Promise.all(Array.from({ length: width }, worker));
  return out;
}
