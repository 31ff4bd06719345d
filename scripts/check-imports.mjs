// SPDX-License-Identifier: Apache-2.0
// Data flows left to right (docs/adr/0001): a package imports only packages before it, and declares what it
// imports; the pure core imports nothing of Node's. Prints each violation; exit status 1 if there is any.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');

export const ORDER = [
  'packages/binary',
  'packages/elf',
  'packages/config',
  'packages/hostcall',
  'packages/plan',
  'packages/measure',
  'packages/sign',
  'packages/igvm',
  'packages/loader',
  'packages/image',
  'toolchain/shimgen',
  'toolchain/repro',
  'toolchain/motte',
  'toolchain/measure-page',
];
/** The page is not of the core, but as little of it may need Node. */
const PURE = new Set([...ORDER.slice(0, 8), 'toolchain/measure-page']);
/** Files of the pure core that are for Node by their name. */
const NODE_FILE = /-node\.ts$/;

/** Runs in the clone alone (scripts/generate.mjs), so that it may need what only developers have. */
const GENERATOR = /\/src\/generate\.ts$/;

function sources(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.(ts|mts)$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(text) {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3]);
}

/** Every violation under `root`, one line each. */
export function violations(root = ROOT) {
  const names = new Map(
    ORDER.filter((folder) => existsSync(join(root, folder, 'package.json'))).map((folder, index) => {
      const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      return [manifest.name, { folder, index, manifest }];
    }),
  );
  const out = [];
  for (const { folder, index, manifest } of names.values()) {
    for (const file of sources(join(root, folder, 'src'))) {
      const where = relative(root, file);
      for (const specifier of importsOf(readFileSync(file, 'utf8'))) {
        if (/^[.#]/.test(specifier)) continue;
        if (specifier.startsWith('node:')) {
          if (PURE.has(folder) && !NODE_FILE.test(file))
            out.push(`${where}: the pure core imports ${specifier}`);
          continue;
        }
        const name = specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/');
        const known = { ...manifest.dependencies, ...(GENERATOR.test(file) ? manifest.devDependencies : {}) };
        if (known[name] === undefined && name !== manifest.name) {
          out.push(`${where}: ${name} is not among the dependencies of ${manifest.name}`);
        }
        const target = names.get(name);
        if (target !== undefined && target.index >= index) {
          out.push(`${where}: ${manifest.name} imports ${name}, which stands to its right`);
        }
      }
    }
  }
  return out;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = violations(process.argv[2] === undefined ? ROOT : resolve(process.argv[2]));
  for (const line of found) console.error(line);
  if (found.length > 0) process.exit(1);
}
