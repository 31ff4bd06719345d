// SPDX-License-Identifier: Apache-2.0
// Makes docs/measure.html: page, style, script and worker in one file whose policy lets in nothing else. The same
// inputs give the same bytes. `--output FILE` writes elsewhere. Leaves the file alone when it is as it would be.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const HERE = dirname(fileURLToPath(import.meta.url));
const at = process.argv.indexOf('--output');
const OUTPUT = at < 0 ? join(HERE, '../../docs/measure.html') : resolve(process.argv[at + 1]);

/** Browsers that have what we use: BigInt, private members, `toReversed`. */
const TARGET = ['chrome110', 'firefox115', 'safari16'];

/** A module and all that it imports, for browsers: `#hash` becomes noble, and a Node import fails the build. */
async function bundle(entry, define = {}) {
  const { outputFiles } = await build({
    entryPoints: [join(HERE, 'dist/src', entry)],
    absWorkingDir: HERE,
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: TARGET,
    minify: true,
    charset: 'ascii',
    legalComments: 'eof',
    define,
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}

/** A source of the policy that allows exactly `text`. */
function allowed(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const worker = await bundle('worker.js');
const script = await bundle('page/main.js', { WORKER_CODE: JSON.stringify(worker) });
const css = readFileSync(join(HERE, 'src/style.css'), 'utf8');
const { code: style } = await transform(css, { loader: 'css', minify: true, target: TARGET });
const policy = [
  "default-src 'none'",
  `script-src ${allowed(script)}`,
  `style-src ${allowed(style)}`,
  // The worker is a blob that the script makes; it inherits this policy.
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** What stands in for what in src/page.html. Hashes are of all that is between the tags: no blank may be added. */
const parts = [
  ['the policy', policy],
  ['<!-- the style -->', `<style>${style}</style>`],
  ['<!-- the script -->', `<script>${script}</script>`],
];
const html = parts.reduce(
  (page, [place, text]) => {
    if (page.split(place).length !== 2) throw new Error(`src/page.html must say "${place}" once`);
    return page.replace(place, () => text);
  },
  readFileSync(join(HERE, 'src/page.html'), 'utf8'),
);

if (!existsSync(OUTPUT) || readFileSync(OUTPUT, 'utf8') !== html) {
  writeFileSync(`${OUTPUT}.${process.pid}.tmp`, html);
  renameSync(`${OUTPUT}.${process.pid}.tmp`, OUTPUT);
}
