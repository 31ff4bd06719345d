// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';

/** A system call that a shim can serve. */
export interface Syscall {
  readonly number: number;
  /** Linux's name. */
  readonly name: string;
  /** `sys_HANDLER` serves it. */
  readonly handler: string;
  readonly component: string;
}

const ROW = /^SYSCALL\((\d+), ([a-z0-9_]+)\)(?:\s+\/\* ([a-z0-9_]+) \*\/)?$/;
const IF = /^#ifdef MOTTE_COMPONENT_([A-Z0-9_]+)$/;

/**
 * The rows of a syscalls.def: `SYSCALL(number, handler)`, then Linux's name in a comment where the handler is called
 * otherwise, each between `#ifdef MOTTE_COMPONENT_NAME` and `#endif`. Throws SHIM_MANIFEST for any other line.
 */
export function parseSyscallTable(file: string, text: string): Syscall[] {
  const out: Syscall[] = [];
  let component: string | undefined;
  const lines = text
    .replaceAll(/^\/\*[\s\S]*?\*\/$/gm, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .split('\n');
  for (const [i, line] of lines.entries()) {
    const bad = (expected: string): MotteError =>
      new MotteError('SHIM_MANIFEST', { field: `${file} line ${i + 1}`, expected, found: line });
    if (line.trim() === '') continue;
    const opened = IF.exec(line)?.[1];
    if (opened !== undefined) {
      if (component !== undefined) throw bad('#endif before the next #ifdef');
      component = opened.toLowerCase();
      continue;
    }
    if (line === '#endif' && component !== undefined) {
      component = undefined;
      continue;
    }
    const [, number, handler, name] = ROW.exec(line) ?? [];
    if (number === undefined || handler === undefined)
      throw bad('SYSCALL(number, handler), #ifdef or #endif');
    if (component === undefined) throw bad('a component around it');
    out.push({ number: Number(number), name: name ?? handler, handler, component });
  }
  if (component !== undefined) {
    throw new MotteError('SHIM_MANIFEST', { field: file, expected: '#endif at the end', found: 'none' });
  }
  const twice = out.find(({ number }, i) => out.findIndex((one) => one.number === number) < i);
  if (twice !== undefined) {
    throw new MotteError('SHIM_MANIFEST', { field: file, expected: 'each number once', found: twice.number });
  }
  return out;
}

/** A syscalls.def with these rows alone. */
export function formatSyscallTable(rows: readonly Syscall[]): string {
  return [
    '/* SPDX-License-Identifier: Apache-2.0 */',
    '/* Written by @motte/shimgen: the rows that one configuration allows. */',
    ...rows.map(({ number, handler }) => `SYSCALL(${number}, ${handler})`),
    '',
  ].join('\n');
}
