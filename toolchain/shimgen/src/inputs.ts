// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Compiler } from './compiler.js';
import type { ShimConfig } from './config.js';
import { PLACEMENT } from './fences/place.js';
import { COMPILE_FLAGS, LINK_FLAGS } from './flags.js';
import { resolvePath } from './manifest.js';
import type { Manifest } from './manifest.js';

function filesBelow(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return ['test', 'build', 'prebuilt', 'node_modules', 'dist'].includes(entry.name)
        ? []
        : filesBelow(root, path);
    }
    return /\.([cSh]|ld|json)$/.test(entry.name) ? [path] : [];
  });
}

/**
 * SHA-256 over all that decides the bytes of a shim but its configuration: the sources and headers in shims/, foreign
 * sources by their content, flags, and what the compiler says of itself.
 */
export function sourcesDigest(manifest: Manifest, compiler: Compiler): string {
  const own = [dirname(manifest.linkerScript), 'shims/core'].flatMap((folder) =>
    filesBelow(manifest.root, folder),
  );
  const foreign = Object.values(manifest.roots).flatMap((folder) => filesBelow(manifest.root, folder));
  const listed = manifest.components.flatMap(({ sources }) =>
    sources.map((path) => resolvePath(manifest, path)),
  );
  const paths = [...new Set([...own, ...foreign, ...listed])].filter((path) =>
    existsSync(join(manifest.root, path)),
  );
  const hash = createHash('sha256');
  hash.update(JSON.stringify([COMPILE_FLAGS, LINK_FLAGS, PLACEMENT]));
  hash.update(JSON.stringify([compiler.version, compiler.assembler, compiler.linker]));
  for (const path of paths.sort()) {
    const content = createHash('sha256')
      .update(readFileSync(join(manifest.root, path)))
      .digest('hex');
    hash.update(`${path} ${content}\n`);
  }
  return hash.digest('hex');
}

/** SHA-256 over `sourcesDigest` and the configuration: two shims with the same one have the same bytes. */
export function inputsDigest(sources: string, config: ShimConfig): string {
  return createHash('sha256')
    .update(`${sources}\n${JSON.stringify(config)}`)
    .digest('hex');
}
