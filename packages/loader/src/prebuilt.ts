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

/** Every place where a shim may be: in the package, which only a packed one has, and in the clone. */
export function shimCandidates(name: string): string[] {
  return [join(PREBUILT, 'shims', name), join(PACKAGE, '../../shims/sgx/prebuilt', name)];
}

/** The path of a built shim, say `sgx2.elf`. Throws SHIM_MISSING, naming where it was sought. */
export function shimPath(name: string): string {
  const candidates = shimCandidates(name);
  const found = candidates.find(existsSync);
  if (found === undefined) {
    throw new MotteError('SHIM_MISSING', {
      field: name,
      message: `there is no built shim at ${candidates.join(' or ')}; in the clone, npm run build makes it`,
    });
  }
  return found;
}
