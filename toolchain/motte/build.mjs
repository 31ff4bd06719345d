// SPDX-License-Identifier: Apache-2.0
// Bundles the command: dist/motte.mjs and a chunk for each command, so that a command loads only its own part.
// Does nothing when no input is newer than the bundle.
import { build } from 'esbuild';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, 'dist');
const STAMP = join(DIST, 'bundle.json');

/** Whether the inputs of the last bundle are still what they were. */
function fresh() {
  if (!existsSync(STAMP) || !existsSync(join(DIST, 'motte.mjs'))) return false;
  const inputs = Object.entries(JSON.parse(readFileSync(STAMP, 'utf8')));
  return inputs.every(([path, seen]) => {
    if (!existsSync(path)) return false;
    const { mtimeMs, size } = statSync(path);
    return `${mtimeMs} ${size}` === seen;
  });
}

/** Chunks first, then what names them, then the old ones go: a command that starts meanwhile finds its parts. */
function install(staging) {
  const chunks = join(DIST, 'chunks');
  const fresh = new Set(readdirSync(join(staging, 'chunks')));
  mkdirSync(chunks, { recursive: true });
  for (const name of fresh) renameSync(join(staging, 'chunks', name), join(chunks, name));
  renameSync(join(staging, 'motte.mjs'), join(DIST, 'motte.mjs'));
  for (const name of readdirSync(chunks)) if (!fresh.has(name)) rmSync(join(chunks, name), { force: true });
  rmSync(staging, { recursive: true });
}

async function bundle() {
  const staging = join(DIST, `bundle-${process.pid}`);
  const { metafile } = await build({
    entryPoints: { motte: join(HERE, 'dist/src/main.js') },
    outdir: staging,
    chunkNames: 'chunks/[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    absWorkingDir: HERE,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: 'eof',
    metafile: true,
    logLevel: 'warning',
    // CommonJS parts of dependencies ask for Node's own modules by require.
    banner: {
      js: "import{createRequire as motteRequire}from'node:module';const require=motteRequire(import.meta.url);",
    },
  });
  install(staging);
  const paths = [...Object.keys(metafile.inputs), fileURLToPath(import.meta.url)];
  const seen = paths.map((path) => {
    const { mtimeMs, size } = statSync(path);
    return [path, `${mtimeMs} ${size}`];
  });
  writeFileSync(STAMP, JSON.stringify(Object.fromEntries(seen)));
}

process.chdir(HERE);
mkdirSync(DIST, { recursive: true });
if (!fresh()) await bundle();
