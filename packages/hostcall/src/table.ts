// SPDX-License-Identifier: Apache-2.0
import { DEBUG } from './rows/debug.js';
import { HOSTDIR } from './rows/hostdir.js';
import { IMAGE } from './rows/image.js';
import { MEMORY } from './rows/memory.js';
import { PROCESS } from './rows/process.js';
import { SOCKETS } from './rows/sockets.js';
import { STDIO } from './rows/stdio.js';
import { THREAD_CALLS } from './rows/threads.js';
import { TIME } from './rows/time.js';
import { VM_CALLS } from './rows/vm.js';
import type { Row } from './row.js';

/** Every host call. A call is added by adding its row to its component's file, a component by a line here. */
export const TABLE: readonly Row[] = [
  ...STDIO,
  ...TIME,
  ...PROCESS,
  ...THREAD_CALLS,
  ...HOSTDIR,
  ...IMAGE,
  ...MEMORY,
  ...VM_CALLS,
  ...SOCKETS,
  ...DEBUG,
];

/** The names of the components, in the table's order. */
export function components(rows: readonly Row[]): string[] {
  return [...new Set(rows.map((row) => row.component))];
}
