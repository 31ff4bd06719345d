// SPDX-License-Identifier: Apache-2.0
// Packs every package of the workspace into tarballs that install without a compiler: the loader's holds the
// addon, the helper and the shims that are built in this clone, the image's the digest of the lockfile
// (docs/adr/0011-packaging.md).
// Usage: node scripts/pack.mjs [FOLDER]     (default: build/packages; run `npm run build` first)
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const OUT = resolve(process.argv[2] ?? join(ROOT, 'build/packages'));
const LOADER = join(ROOT, 'packages/loader');
const SHIMS = ['sgx', 'vm'].map((tee) => join(ROOT, 'shims', tee, 'prebuilt'));
const STAGED = join(LOADER, 'prebuilt/shims');
const BUILDER = join(ROOT, 'packages/image/prebuilt');
const NATIVE = join(LOADER, 'prebuilt', `${process.platform}-${process.arch}`);

/** What must be in the loader's package besides its TypeScript, or it runs nothing. */
const NEEDED = [
  join(NATIVE, 'motte.node'),
  join(NATIVE, 'motte-helper'),
  ...['sgx1', 'sgx2', 'sgx1-debug', 'sgx2-debug'].map((name) => join(SHIMS[0], `${name}.elf`)),
  ...['vm', 'vm-debug'].map((name) => join(SHIMS[1], `${name}.elf`)),
  join(ROOT, 'toolchain/motte/dist/motte.cjs'),
];

/** The page is a file under docs/ and nobody's dependency. */
const FILTERS = ['./packages/*', './toolchain/*', '!@motte/measure-page'];

const missing = NEEDED.filter((path) => !existsSync(path));
if (missing.length > 0) {
  for (const path of missing) console.error(`pack: ${relative(ROOT, path)} is not built; run: npm run build`);
  process.exit(1);
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
mkdirSync(STAGED, { recursive: true });
try {
  for (const folder of SHIMS) {
    for (const name of readdirSync(folder)) {
      if (/\.(elf|json)$/.test(name)) copyFileSync(join(folder, name), join(STAGED, name));
    }
  }
  // What an image's provenance tells of the Motte that built it, where there is no lockfile to read.
  const lockfile = createHash('sha256').update(readFileSync(join(ROOT, 'pnpm-lock.yaml')));
  mkdirSync(BUILDER, { recursive: true });
  writeFileSync(join(BUILDER, 'lockfile.sha256'), `${lockfile.digest('hex')}\n`);
  execFileSync(
    'pnpm',
    ['-r', ...FILTERS.flatMap((filter) => ['--filter', filter]), 'pack', '--pack-destination', OUT],
    { cwd: ROOT, stdio: ['ignore', 'ignore', 2] },
  );
} finally {
  // In the clone the shims are found where they are built; a copy would go stale.
  for (const folder of [STAGED, BUILDER]) rmSync(folder, { recursive: true, force: true });
}
for (const name of readdirSync(OUT).sort()) console.log(relative(process.cwd(), join(OUT, name)));
