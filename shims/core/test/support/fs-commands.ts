// SPDX-License-Identifier: Apache-2.0
// Random commands for test/c/fs_driver.c: few names and few open files, so that they meet.
import fc from 'fast-check';
import { O, RESOLVE } from './fs-node.js';

const slot = fc.integer({ min: 0, max: 4 });
const from = fc.oneof({ weight: 6, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: slot });
const name = fc.constantFrom('a', 'b', 'c', 'd', 'long-name-of-a-file', 'tmp');
const part = fc.oneof(
  { weight: 8, arbitrary: name },
  { weight: 1, arbitrary: fc.constant('.') },
  { weight: 2, arbitrary: fc.constant('..') },
);
/** With slashes at the start, between and at the end, now and then too many. */
const path = fc
  .tuple(
    fc.constantFrom('', '', '', '/', '/tmp/', '//tmp//'),
    fc.array(part, { minLength: 1, maxLength: 5 }),
    fc.constantFrom('/', '/', '/', '//', '/./'),
    fc.constantFrom('', '', '', '', '/', '//'),
  )
  .map(([start, parts, between, end]) => start + parts.join(between) + end);
const shortPath = fc.oneof({ weight: 2, arbitrary: name }, { weight: 1, arbitrary: path });

const flags = fc
  .tuple(
    fc.constantFrom(0, O.WRONLY, O.RDWR, O.RDWR),
    fc.subarray([O.CREAT, O.CREAT, O.EXCL, O.TRUNC, O.APPEND, O.DIRECTORY, O.NOFOLLOW, O.PATH, O.TMPFILE]),
    fc.boolean(),
  )
  .map(([access, more, plain]) =>
    plain ? access | O.CREAT : more.reduce<number>((sum, flag) => sum | flag, access),
  );
const resolve = fc.constantFrom(0, 0, 0, 0, RESOLVE.NO_SYMLINKS, RESOLVE.BENEATH, RESOLVE.IN_ROOT);

/** Near the edges of pages and of tables of 512 pages, and a terabyte away. */
const place = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
  fc
    .tuple(
      fc.constantFrom(4096, 8192, 512 * 4096, 512 * 512 * 4096, 2 ** 40),
      fc.integer({ min: -3, max: 3 }),
    )
    .map(([edge, offset]) => edge + offset),
);
const count = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 20_000 }));
const at = fc.oneof(fc.constant(-1), place);
const mode = fc.constantFrom(0o644, 0o4711, 0o777, 0o1777);
const text = fc.oneof(shortPath, path);
const bool = fc.constantFrom(0, 1);

function command(weight: number, letter: string, ...parts: readonly fc.Arbitrary<string | number>[]) {
  return { weight, arbitrary: fc.tuple(fc.constant(letter), ...parts).map((words) => words.join(' ')) };
}

const NAMES = [
  command(
    3,
    'm',
    from,
    shortPath,
    mode.map((bits) => bits | 0o040000),
  ),
  command(
    2,
    'm',
    from,
    shortPath,
    mode.map((bits) => bits | 0o100000),
  ),
  command(3, 'u', from, shortPath, bool),
  command(4, 'n', from, shortPath, from, shortPath, fc.constantFrom(0, 0, 1, 2, 3)),
  command(2, 'k', from, shortPath, bool, from, shortPath),
  command(1, 'K', slot, from, shortPath),
  command(3, 'y', text, from, shortPath),
  command(3, 'p', from, shortPath, bool),
  command(1, 'e', from, shortPath),
  command(1, 'd', shortPath),
  command(1, 'D', slot),
  command(1, 'g'),
  command(1, 'c', slot),
  command(3, 'o', slot, from, shortPath, flags, mode, resolve),
];

const CONTENTS = [
  command(6, 'w', slot, count, at, fc.integer({ min: 0, max: 255 })),
  command(4, 'r', slot, count, at),
  command(3, 's', slot, place, fc.integer({ min: 0, max: 5 })),
  command(1, 's', slot, fc.integer({ min: -20, max: 20 }), fc.integer({ min: 0, max: 4 })),
  command(2, 't', slot, place),
  command(1, 'T', shortPath, place),
  command(
    2,
    'a',
    slot,
    fc.constantFrom(0, 0, 1, 2, 3, 3, 16, 17, 32),
    fc.integer({ min: -1, max: 20_000 }),
    count,
  ),
  command(2, 'l', slot),
  command(2, 'f', slot),
  command(1, 'o', slot, fc.constant(-1), name, fc.constant(O.RDWR | O.CREAT), mode, fc.constant(0)),
];

/** A few directories, a link and open files, so that most commands find something. */
const begin = [
  'd /tmp',
  `m -1 a ${String(0o040755)}`,
  `m -1 a/b ${String(0o040755)}`,
  'y a/b -1 d',
  `o 0 -1 c ${O.RDWR | O.CREAT} 420 0`,
  `o 1 -1 a/c ${O.RDWR | O.CREAT} 420 0`,
  `o 2 -1 a/b ${O.RDWR | O.TMPFILE} 420 0`,
  `o 3 -1 a ${O.DIRECTORY} 0 0`,
];
function sequence(commands: fc.Arbitrary<string>, length: number): fc.Arbitrary<string[]> {
  return fc
    .array(commands, { minLength: length / 2, maxLength: length })
    .map((lines) => [...begin, ...lines]);
}

/** Names alone; names and contents; the same with memory that runs out somewhere. */
export const PATHS: fc.Arbitrary<string[]> = sequence(fc.oneof(...NAMES), 80);
export const FILES: fc.Arbitrary<string[]> = sequence(fc.oneof(...NAMES, ...CONTENTS, ...CONTENTS), 120);
export const SCARCE: fc.Arbitrary<string[]> = fc
  .tuple(
    sequence(fc.oneof(...NAMES, ...CONTENTS), 40),
    fc.integer({ min: 0, max: 12 }),
    fc.array(fc.oneof(...NAMES, ...CONTENTS, ...CONTENTS), { minLength: 40, maxLength: 80 }),
  )
  .map(([before, pages, after]) => [...before, `L ${pages}`, ...after]);
