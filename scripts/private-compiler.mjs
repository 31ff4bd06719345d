// SPDX-License-Identifier: Apache-2.0
// Unpacks the pinned compiler into .motte/compiler, from Debian's own packages, so that every distribution builds the
// shims with it. Needs neither root nor dpkg: Node, tar and xz. Every package's SHA-256 is checked (scripts/compiler-debs)
// before anything of any is unpacked; where a package comes from does not matter. Does nothing when it is there.
// Usage: node scripts/private-compiler.mjs [FOLDER]     FOLDER: packages that were brought by hand
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
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

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const TARGET = join(ROOT, '.motte/compiler');
const TABLE = readFileSync(join(ROOT, 'scripts/compiler-debs'), 'utf8');
/** Debian's archive, and a state of it: the pool drops what a point release replaces. */
const MIRRORS = [
  'http://deb.debian.org/debian',
  'https://snapshot.debian.org/archive/debian/20260901T000000Z',
];
const BROUGHT = process.argv[2];

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function download(url) {
  try {
    const answer = await fetch(url);
    return answer.ok ? Buffer.from(await answer.arrayBuffer()) : `${answer.status} ${answer.statusText}`;
  } catch (error) {
    return String(error.cause?.message ?? error.message);
  }
}

/** The bytes of one package, which are the pinned ones. */
async function bring(hash, path) {
  const tried = [];
  if (BROUGHT !== undefined) {
    const file = join(BROUGHT, basename(path));
    const bytes = existsSync(file) ? readFileSync(file) : undefined;
    if (bytes !== undefined && sha256(bytes) === hash) return bytes;
    tried.push(`${file}: ${bytes === undefined ? 'no such file' : 'another SHA-256'}`);
  }
  for (const mirror of BROUGHT === undefined ? MIRRORS : []) {
    const bytes = await download(`${mirror}/${path.replaceAll('+', '%2B')}`);
    if (typeof bytes !== 'string' && sha256(bytes) === hash) return bytes;
    tried.push(`${mirror}: ${typeof bytes === 'string' ? bytes : 'another SHA-256'}`);
  }
  throw new Error(`${basename(path)} (SHA-256 ${hash}) was not found; ${tried.join('; ')}`);
}

/** The member data.tar.xz of a .deb, which is an ar archive: deb(5). */
function dataOf(deb, name) {
  for (let at = 8; at + 60 <= deb.length;) {
    const member = deb
      .toString('latin1', at, at + 16)
      .trim()
      .replace(/\/$/, '');
    const size = Number(deb.toString('latin1', at + 48, at + 58));
    if (member === 'data.tar.xz') return deb.subarray(at + 60, at + 60 + size);
    at += 60 + size + (size % 2);
  }
  throw new Error(`${name} has no data.tar.xz`);
}

function unpack(tar, folder, name) {
  const { status, stderr, error } = spawnSync('tar', ['-xJ', '--no-same-owner', '-C', folder], {
    input: tar,
  });
  if (status !== 0) throw new Error(`tar cannot unpack ${name}: ${error?.message ?? stderr}`);
}

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
    packages.push([basename(path), await bring(hash, path)]);
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
