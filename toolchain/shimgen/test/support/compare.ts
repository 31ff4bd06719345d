// SPDX-License-Identifier: Apache-2.0
// Layout tables beside somebody else's C headers, by the compiler: our structures under other names, and one
// _Static_assert for each member's offset and size and for each constant.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toC } from '@motte/binary/c-header';
import type { AnyLayout } from '@motte/binary/c-header';

/** The compiler, in `folder`. */
export function comparison(folder: string): {
  /** What it said: nothing when every assertion holds. */
  compile(name: string, source: string, args?: readonly string[]): string;
} {
  return {
    compile(name, source, args = []) {
      const file = join(folder, `${name}.c`);
      writeFileSync(file, source);
      const run = spawnSync('gcc-12', ['-Wall', '-Werror', ...args, '-fsyntax-only', file], {
        encoding: 'utf8',
      });
      if (run.error !== undefined) throw run.error;
      return run.stderr;
    },
  };
}

/** Assertions that `ours` is their structure `theirs`: `members` maps our field to its member. */
export function same(ours: AnyLayout, theirs: string, members: Readonly<Record<string, string>>): string {
  const own = `ours_${ours.name.toLowerCase()}`;
  const rows = Object.entries(members).map(
    ([field, member]) =>
      `_Static_assert(offsetof(struct ${own}, ${field}) == offsetof(struct ${theirs}, ${member}) && ` +
      `sizeof(((struct ${own} *)0)->${field}) == sizeof(((struct ${theirs} *)0)->${member}), "${ours.name}.${field}");`,
  );
  return [
    toC(ours, own),
    `_Static_assert(sizeof(struct ${own}) == sizeof(struct ${theirs}), "${ours.name}");`,
    ...rows,
  ].join('\n');
}

/** Assertions that each name of theirs has our value. */
export function constants(rows: readonly (readonly [string, number | bigint])[]): string {
  return rows
    .map(([name, value]) => `_Static_assert(${name} == 0x${value.toString(16)}, "${name}");`)
    .join('\n');
}
