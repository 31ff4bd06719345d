// SPDX-License-Identifier: Apache-2.0
// Writes every generated file; with --check compares and writes nothing.
// A package plugs in with `src/generate.ts`, which exports `files()`: for each generated file its path from the
// clone's root and its content (a record, or a promise of one). Run it after the build.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// --root is for the test of this script.
const at = process.argv.indexOf('--root');
const ROOT = resolve(at < 0 ? join(dirname(fileURLToPath(import.meta.url)), '..') : process.argv[at + 1]);
const check = process.argv.includes('--check');

function fail(message) {
  console.error(`generate: ${message}`);
  process.exitCode = 1;
}

/** Compiled generators of all packages; one that is not compiled is an error, not an absent generator. */
function generators() {
  return ['packages', 'toolchain']
    .filter((parent) => existsSync(join(ROOT, parent)))
    .flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => join(ROOT, parent, name)))
    .filter((folder) => existsSync(join(folder, 'src/generate.ts')))
    .map((folder) => join(folder, 'dist/src/generate.js'))
    .sort((a, b) => (a < b ? -1 : 1));
}

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (['node_modules', 'dist', 'build', '.git'].includes(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

const expected = new Map();
for (const module of generators()) {
  if (!existsSync(module)) {
    fail(`${relative(ROOT, module)} is not built; run \`npm run build\``);
    continue;
  }
  const made = await (await import(pathToFileURL(module).href)).files();
  for (const [path, content] of Object.entries(made)) {
    if (expected.has(path)) fail(`${path} is made by two generators`);
    expected.set(path, content);
  }
}

for (const [path, content] of expected) {
  const file = join(ROOT, path);
  const found = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (found === content) continue;
  if (check) {
    fail(
      `${path} is not what its table says${found === undefined ? ' (it is missing)' : ''}; run \`npm run generate\``,
    );
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    console.log(`wrote ${path}`);
  }
}

if (check && process.exitCode === undefined) {
  const left = ['packages', 'shims', 'toolchain']
    .map((name) => join(ROOT, name))
    .filter(existsSync)
    .flatMap(filesUnder)
    .map((file) => relative(ROOT, file))
    .filter((path) => path.split('/').includes('generated') && !expected.has(path));
  for (const path of left) fail(`${path} is made by no generator; delete it or name it in one`);
}
