// SPDX-License-Identifier: Apache-2.0
// Builds the shims that come with Motte into shims/TEE/prebuilt/, each only when its inputs changed.
// --check compares them with shims/DIGESTS; --update writes that file; --force builds anew.
// Usage: node scripts/build-shims.mjs [--check | --update] [--force] [VARIANT…]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const DIGESTS = join(ROOT, 'shims/DIGESTS');
const shimgen = (name) => import(join(ROOT, `toolchain/shimgen/dist/src/${name}.js`));

const args = process.argv.slice(2);
const variants = args.filter((arg) => !arg.startsWith('-'));

try {
  const { buildPrebuilt } = await shimgen('prebuilt');
  const all = await buildPrebuilt({
    root: ROOT,
    force: args.includes('--force'),
    ...(variants.length > 0 ? { variants } : {}),
  });
  for (const { variant, stamp, built, notes } of all) {
    const mark = stamp.provenance.compiler === 'pinned' ? '' : ', unpinned';
    if (built) console.error(`built ${variant}: ${stamp.text} bytes of code, ${stamp.sha256}${mark}`);
    for (const note of notes) console.error(`${variant}: ${note}`);
  }
  if (args.includes('--update') || args.includes('--check')) {
    const { PINNED_COMPILER, checkDigest, formatDigests, parseDigests } = await shimgen('digests');
    const released = existsSync(DIGESTS) ? parseDigests(readFileSync(DIGESTS, 'utf8')) : [];
    if (args.includes('--update')) {
      const other = all.find(({ stamp }) => stamp.provenance.compiler === 'unpinned');
      if (other !== undefined)
        throw new Error(`${other.variant} is unpinned: only ${PINNED_COMPILER} has digests`);
      const kept = released.filter((line) => !all.some(({ variant }) => variant === line.variant));
      const fresh = all.map(({ variant, stamp }) => ({
        variant,
        compiler: PINNED_COMPILER,
        sha256: stamp.sha256,
      }));
      writeFileSync(DIGESTS, formatDigests([...fresh, ...kept]));
    } else {
      for (const { variant, stamp } of all) {
        const check = checkDigest(variant, stamp, released);
        console.log(
          check.compared
            ? `${variant}: as in shims/DIGESTS`
            : `skipped: shims/DIGESTS ${variant}: ${check.why}`,
        );
      }
    }
  }
} catch (error) {
  console.error(`build-shims: ${error.code === undefined ? '' : `${error.code}: `}${error.message}`);
  process.exitCode = error.exit ?? 1;
}
