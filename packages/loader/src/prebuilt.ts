// SPDX-License-Identifier: Apache-2.0
// Where the built files are that no TypeScript compiler makes: addon, helper, shims. In the packed package they
// lie in its `prebuilt` folder; in the clone the shims lie where they are built.
import { MotteError } from '@motte/binary/error';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// `packages/loader` in the clone, `node_modules/@motte/loader` where it is installed. Asked of the module system
// rather than taken from this file's place, because the command's bundle holds a copy of this file.
const PACKAGE = dirname(createRequire(import.meta.url).resolve('@motte/loader/package.json'));
const PREBUILT = join(PACKAGE, 'prebuilt');
const NATIVE = join(PREBUILT, `${process.platform}-${process.arch}`);

/** The addon's path, whether it is there or not. */
export function addonPath(): string {
  return join(NATIVE, 'motte.node');
}

/** The helper's path. Throws HELPER_MISSING. */
export function helperPath(): string {
  const path = join(NATIVE, 'motte-helper');
  if (!existsSync(path)) throw new MotteError('HELPER_MISSING', { field: path });
  return path;
}

/** Where the shims have their sources, when this package lies in the clone. */
const SHIMS = join(PACKAGE, '../../shims');

/** Whose a shim is, by its file's name. */
const teeOf = (name: string): string => (name.startsWith('vm') ? 'vm' : 'sgx');

/**
 * Where a built shim is, say `sgx2.elf` or `vm.elf`, whether it is there or not. In the clone it is where it is built and nowhere
 * else: scripts/pack.mjs puts copies into the package for a moment, which nobody may take for the real ones.
 */
export function shimPlace(name: string): string {
  const clone = existsSync(join(SHIMS, 'sgx/components.json'));
  return clone ? join(SHIMS, teeOf(name), 'prebuilt', name) : join(PREBUILT, 'shims', name);
}

/** The path of a built shim. Throws SHIM_MISSING, naming where it was sought. */
export function shimPath(name: string): string {
  const path = shimPlace(name);
  if (!existsSync(path)) {
    throw new MotteError('SHIM_MISSING', {
      field: name,
      message: `there is no built shim at ${path}; in the clone, npm run build makes it`,
    });
  }
  return path;
}
