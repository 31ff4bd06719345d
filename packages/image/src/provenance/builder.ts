// SPDX-License-Identifier: Apache-2.0
// What the Motte that builds knows of itself. In the clone the lockfile is read; in the packed package its digest lies in
// `prebuilt`, put there by scripts/pack.mjs, so that both say the same of the same sources.
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { sha256 } from '@motte/measure/hash';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { compilerName } from './make.js';
import type { ShimOrigin } from './make.js';

// Asked of the module system, because the command's bundle holds a copy of this file.
const MANIFEST = createRequire(import.meta.url).resolve('@motte/image/package.json');
const PACKAGE = dirname(MANIFEST);
const CLONE = join(PACKAGE, '../..');
const BAKED = join(PACKAGE, 'prebuilt/lockfile.sha256');

/** The version of this package, which is Motte's. */
export function motteVersion(): string {
  const { version } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string };
  return version;
}

/** SHA-256 of the lockfile that this Motte was built with, hex. Throws IMAGE_OPTION when the package has none. */
export function lockfileDigest(): string {
  const lockfile = join(CLONE, 'pnpm-lock.yaml');
  if (existsSync(join(CLONE, 'packages/image/src')) && existsSync(lockfile))
    return toHex(sha256(readFileSync(lockfile)));
  if (existsSync(BAKED)) return readFileSync(BAKED, 'utf8').trim();
  throw new MotteError('IMAGE_OPTION', {
    field: BAKED,
    message: 'this copy of Motte does not know its lockfile; install packages that scripts/pack.mjs packed',
  });
}

/** Of a shim's stamp (`motte shim build`, shims/sgx/prebuilt) what a statement tells. */
const stampSchema = v.object({
  sha256: v.string(),
  provenance: v.object({
    compiler: v.picklist(['pinned', 'unpinned']),
    command: v.string(),
    version: v.string(),
    package: v.optional(v.string()),
    debs: v.optional(v.array(v.object({ name: v.string(), sha256: v.string() })), []),
    assembler: v.string(),
    linker: v.string(),
    inputs: v.string(),
  }),
});

/** What the stamp beside a shim says of it; nothing when there is none, or when it is another shim's. */
export function shimOrigin(variant: string, shimPath: string, digest: string): ShimOrigin | undefined {
  const path = shimPath.replace(/\.elf$/, '.json');
  if (path === shimPath || !existsSync(path)) return undefined;
  const parsed = v.safeParse(stampSchema, JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success || `sha256:${parsed.output.sha256}` !== digest) return undefined;
  const { package: version, command, debs, ...facts } = parsed.output.provenance;
  // Where the compiler lay is the machine's affair.
  const name = basename(command);
  const { inputs, compiler, assembler, linker } = facts;
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version ?? '')}?arch=amd64`;
  return {
    facts: { inputs, compiler, command: name, version: facts.version, assembler, linker },
    compiler: [
      ...(version === undefined ? [] : [{ name: compilerName(variant), uri: purl }]),
      ...debs.map((deb) => ({
        name: `${compilerName(variant)}: ${deb.name}`,
        digest: { sha256: deb.sha256 },
      })),
    ],
  };
}
