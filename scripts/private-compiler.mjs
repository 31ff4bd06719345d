// SPDX-License-Identifier: Apache-2.0
// Unpacks the pinned compiler into .motte/compiler, from Debian's own packages, so that every distribution builds the
// shims with it. Needs neither root nor dpkg: Node, tar and xz. Every package's SHA-256 is checked (scripts/compiler-debs)
// before anything of any is unpacked; where a package comes from does not matter. Does nothing when it is there.
// Usage: node scripts/private-compiler.mjs [FOLDER]     FOLDER: packages that were brought by hand
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bring, dataOf, sha256, unpack } from './debs.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const TARGET = join(ROOT, '.motte/compiler');
const TABLE = readFileSync(join(ROOT, 'scripts/compiler-debs'), 'utf8');
/** Debian's archive, and a state of it: the pool drops what a point release replaces. */
const MIRRORS = [
  'http://deb.debian.org/debian',
  'https://snapshot.debian.org/archive/debian/20260901T000000Z',
];
const BROUGHT = process.argv[2];

/**
 * A command that runs a program by the loader and libc of its own packages, wherever the folder lies and whatever libc
 * the system has. gcc finds its parts from its own name (--argv0), and as, ld and cc1 where COMPILER_PATH says.
 */
const wrapper = (program) => `#!/bin/sh
here=$(cd "$(dirname "$0")/.." && pwd) || exit 1
COMPILER_PATH=$here/bin
export COMPILER_PATH
exec "$here/lib64/ld-linux-x86-64.so.2" --argv0 "$here/${program}" \\
	--library-path "$here/lib/x86_64-linux-gnu:$here/usr/lib/x86_64-linux-gnu" "$here/${program}" "$@"
`;

const PROGRAMS = {
  'gcc-12': 'usr/bin/gcc-12',
  cc1: 'usr/lib/gcc/x86_64-linux-gnu/12/cc1',
  collect2: 'usr/lib/gcc/x86_64-linux-gnu/12/collect2',
  as: 'usr/bin/x86_64-linux-gnu-as',
  ld: 'usr/bin/x86_64-linux-gnu-ld.bfd',
  objdump: 'usr/bin/x86_64-linux-gnu-objdump',
};

async function install() {
  const pins = TABLE.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const stamp = sha256([TABLE, ...Object.values(PROGRAMS).map(wrapper)].join('\n'));
  const marker = join(TARGET, '.stamp');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === stamp) return;
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('the packages are for Linux on x86-64');
  console.error(`private-compiler: bringing ${pins.length} packages of Debian 12`);
  const packages = [];
  for (const line of pins) {
    const [hash, path] = line.split(' ');
    const deb = await bring({ hash, path, mirrors: MIRRORS, folder: BROUGHT });
    packages.push([basename(path), deb]);
  }
  mkdirSync(dirname(TARGET), { recursive: true });
  const fresh = mkdtempSync(`${TARGET}.`);
  try {
    for (const [name, deb] of packages) unpack(dataOf(deb, name), fresh, name);
    mkdirSync(join(fresh, 'bin'));
    for (const [name, program] of Object.entries(PROGRAMS)) {
      if (!existsSync(join(fresh, program))) throw new Error(`the packages have no ${program}`);
      writeFileSync(join(fresh, 'bin', name), wrapper(program), { mode: 0o755 });
    }
    chmodSync(fresh, 0o755);
    writeFileSync(join(fresh, '.stamp'), stamp);
    rmSync(TARGET, { recursive: true, force: true });
    renameSync(fresh, TARGET);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

try {
  await install();
} catch (error) {
  console.error(`private-compiler: ${error.message}`);
  console.error(
    '  Bring the packages of scripts/compiler-debs into a folder, then: node scripts/private-compiler.mjs FOLDER',
  );
  process.exitCode = 1;
}
