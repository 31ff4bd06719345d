// SPDX-License-Identifier: Apache-2.0
// Builds HEAD a second time, in a clone with another path, umask, locale and time zone, and compares every file
// that a user gets. Names the first byte that differs. Ends with `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
/** Folders of built files, and a name that each must at least hold, so that an empty folder is no success. */
const BUILT = [
  ['shims/sgx/prebuilt', '.elf'],
  ['packages/loader/prebuilt', '.node'],
  ['toolchain/motte/dist', '.mjs'],
];

function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? files(path) : [path];
    })
    .sort();
}

function run(command, args, cwd, env) {
  const result = spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed:\n${result.stdout}${result.stderr}`);
}

const place = mkdtempSync(join(tmpdir(), 'motte reproduce é-'));
let passed = 0;
let failed = 0;
try {
  const clone = join(place, 'another-clone');
  const env = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'Asia/Kathmandu', HOME: place, USER: 'somebody' };
  run('git', ['clone', '-q', ROOT, clone], ROOT, process.env);
  run('sh', ['-c', 'umask 077; scripts/setup && node scripts/build.mjs'], clone, env);
  for (const [folder, must] of BUILT) {
    const names = [
      ...new Set([ROOT, clone].flatMap((root) => files(join(root, folder)).map((f) => relative(root, f)))),
    ];
    if (!names.some((name) => name.endsWith(must))) {
      failed++;
      console.log(`FAIL ${folder}: nothing built that ends in ${must}`);
    }
    // A stamp says when to build again and may name this machine's folders; nobody is given one.
    for (const name of names.filter(
      (n) => !/(\.stamp|\.tsbuildinfo|\.map)$/.test(n) && !n.includes('/test/'),
    )) {
      const [a, b] = [ROOT, clone].map((root) =>
        existsSync(join(root, name)) ? readFileSync(join(root, name)) : null,
      );
      if (a !== null && b !== null && a.equals(b)) {
        passed++;
        continue;
      }
      failed++;
      const at = a === null || b === null ? -1 : a.findIndex((byte, i) => byte !== b[i]);
      const why =
        a === null || b === null
          ? 'built in one clone only'
          : `differs at 0x${(at < 0 ? a.length : at).toString(16)}`;
      console.log(`FAIL ${name}: ${why}`);
    }
  }
} catch (error) {
  failed++;
  console.log(String(error.message));
} finally {
  rmSync(place, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
