// SPDX-License-Identifier: Apache-2.0
// Bundles the command: dist/motte.cjs, and in dist/motte/ one module a command with all that it needs. A
// command line loads two files; shared chunks would be fifteen, and finding each costs as much as reading it.
// They are CommonJS, which Node loads 20 ms sooner than two ES modules.
// Does nothing when no input has changed.
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
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, 'dist');
const MAIN = join(DIST, 'motte.cjs');
const PARTS = join(DIST, 'motte');
const STAMP = join(DIST, 'motte.stamp');
const SOURCE = join(DIST, 'src');

/** What threads run, named as the library that starts them looks for it beside itself. */
const WORKERS = new Map([['snp-worker-node', '@motte/measure/snp-worker-node']]);

/** What is loaded when it is wanted, as the main module names it. */
const LATER = /^\.\.\/commands\/[a-z0-9-]+\.js$/;

function seen(path) {
  const { mtimeMs, size } = statSync(join(HERE, path));
  return `${mtimeMs} ${size}`;
}

/** Whether the inputs of the last bundle are still what they were. */
function fresh() {
  if (!existsSync(STAMP) || !existsSync(MAIN)) return false;
  const inputs = Object.entries(JSON.parse(readFileSync(STAMP, 'utf8')));
  return inputs.every(([path, was]) => existsSync(join(HERE, path)) && seen(path) === was);
}

/** Lazy modules lie in the folder beside the main one. */
const parts = {
  name: 'parts',
  setup({ onResolve }) {
    onResolve({ filter: LATER }, ({ path, kind }) =>
      kind === 'dynamic-import'
        ? { path: `./motte/${basename(path, '.js')}.cjs`, external: true }
        : undefined,
    );
  },
};

/**
 * yargs/helpers, of which we call the parser, also loads what yargs asks of its platform, for a function that we do
 * not call: said to have no effect it is left out, and half of the main module with it.
 */
const lean = {
  name: 'lean',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /\/platform-shims\/esm\.mjs$/ }, async ({ path, resolveDir, kind, pluginData }) => {
      if (pluginData === lean) return undefined;
      const found = await resolve(path, { resolveDir, kind, pluginData: lean });
      return { ...found, sideEffects: false };
    });
  },
};

function entries() {
  const commands = readdirSync(join(HERE, 'src/commands')).map((file) => basename(file, '.ts'));
  return {
    'motte-main': join(SOURCE, 'main.js'),
    ...Object.fromEntries(
      [...WORKERS].map(([name, module]) => [name, fileURLToPath(import.meta.resolve(module))]),
    ),
    ...Object.fromEntries(commands.map((name) => [name, join(SOURCE, 'commands', `${name}.js`)])),
  };
}

/** What the parts are, as package.json of the whole says something else. */
const SCOPE = 'package.json';

/** Parts first, then the main module, then the old parts go: a command that starts meanwhile finds its own. */
function install(staging) {
  for (const name of WORKERS.keys()) renameSync(join(staging, `${name}.cjs`), join(staging, `${name}.js`));
  writeFileSync(join(staging, SCOPE), '{ "type": "commonjs" }\n');
  const names = readdirSync(staging).filter((name) => name !== 'motte-main.cjs');
  mkdirSync(PARTS, { recursive: true });
  for (const name of names) renameSync(join(staging, name), join(PARTS, name));
  renameSync(join(staging, 'motte-main.cjs'), MAIN);
  for (const name of readdirSync(PARTS))
    if (!names.includes(name)) rmSync(join(PARTS, name), { force: true });
  rmSync(staging, { recursive: true });
}

async function bundle() {
  const { build } = await import('esbuild');
  const staging = join(DIST, `bundle-${process.pid}`);
  const { metafile } = await build({
    entryPoints: entries(),
    outdir: staging,
    outExtension: { '.js': '.cjs' },
    absWorkingDir: HERE,
    plugins: [parts, lean],
    bundle: true,
    format: 'cjs',
    supported: { 'dynamic-import': false },
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'eof',
    metafile: true,
    logLevel: 'warning',
    define: { 'import.meta.url': 'motteUrl' },
    banner: { js: "const motteUrl=require('node:url').pathToFileURL(__filename).href;" },
  });
  install(staging);
  const paths = [...Object.keys(metafile.inputs), 'build.mjs'];
  writeFileSync(STAMP, JSON.stringify(Object.fromEntries(paths.map((path) => [path, seen(path)]))));
}

mkdirSync(DIST, { recursive: true });
if (!fresh()) await bundle();
