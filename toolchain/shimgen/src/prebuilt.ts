// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { buildShim } from './build.js';
import { findCompiler } from './compiler.js';
import { parseShimConfig } from './config.js';
import type { ShimConfig } from './config.js';
import { pinnedDebs } from './debs.js';
import { inputsDigest, sourcesDigest } from './inputs.js';
import { findRoot, readManifest } from './manifest.js';
import type { ShimStamp } from './stamp.js';

/** The shims that come with Motte, by the name of their file. */
export const VARIANTS: Readonly<Record<string, ShimConfig>> = {
  sgx2: parseShimConfig(''),
  sgx1: parseShimConfig('[sgx]\nversion = 1'),
  'sgx2-debug': parseShimConfig('debug = true'),
  'sgx1-debug': parseShimConfig('debug = true\n[sgx]\nversion = 1'),
  vm: parseShimConfig('tee = "vm"'),
  'vm-debug': parseShimConfig('tee = "vm"\ndebug = true'),
};

/** One of them, as it lies in `shims/TEE/prebuilt`. */
export interface Prebuilt {
  readonly variant: string;
  readonly stamp: ShimStamp;
  /** False when it was there already, built of the same inputs. */
  readonly built: boolean;
  readonly notes: readonly string[];
}

/** Where the prebuilt shims of a TEE lie in a clone. */
export function prebuiltFolder(root: string, tee: ShimConfig['tee']): string {
  return join(root, 'shims', tee, 'prebuilt');
}

/** The stamp of the shim that is there, if the shim is the one that it describes. */
function readStamp(elf: string, json: string): ShimStamp | undefined {
  try {
    const stamp = JSON.parse(readFileSync(json, 'utf8')) as ShimStamp;
    return createHash('sha256').update(readFileSync(elf)).digest('hex') === stamp.sha256 ? stamp : undefined;
  } catch {
    return undefined; // none, or half of one: build anew
  }
}

/** Under the final name there is always a whole file, whoever reads it meanwhile. */
function replace(file: string, content: string | Uint8Array): void {
  const fresh = `${file}.${process.pid}.tmp`;
  writeFileSync(fresh, content);
  renameSync(fresh, file);
}

/** Builds the named variants (all by default) into `shims/TEE/prebuilt`, unless their inputs are what they were. */
export async function buildPrebuilt(
  options: { root?: string; variants?: readonly string[]; force?: boolean; compiler?: string } = {},
): Promise<Prebuilt[]> {
  const root = resolve(options.root ?? findRoot());
  const compiler = await findCompiler(options.compiler);
  const digests = new Map<ShimConfig['tee'], string>();
  const out: Prebuilt[] = [];
  for (const [variant, config] of Object.entries(VARIANTS)) {
    if (options.variants !== undefined && !options.variants.includes(variant)) continue;
    const folder = prebuiltFolder(root, config.tee);
    mkdirSync(folder, { recursive: true });
    const sources = digests.get(config.tee) ?? sourcesDigest(readManifest(root, config.tee), compiler);
    digests.set(config.tee, sources);
    const elf = join(folder, `${variant}.elf`);
    const json = join(folder, `${variant}.json`);
    const have = readStamp(elf, json);
    const inputs = inputsDigest(sources, config);
    // What is told of the compiler does not change a byte, but a stamp that lacks it is not the one that others have.
    const told = compiler.pinned ? pinnedDebs(root) : [];
    const same = have?.provenance.inputs === inputs && isDeepStrictEqual(have.provenance.debs ?? [], told);
    if (options.force !== true && have !== undefined && same) {
      out.push({ variant, stamp: have, built: false, notes: [] });
      continue;
    }
    const { bytes, stamp, notes } = await buildShim({ root, config, compiler });
    replace(elf, bytes);
    replace(json, `${JSON.stringify(stamp, null, 2)}\n`);
    out.push({ variant, stamp, built: true, notes });
  }
  return out;
}
